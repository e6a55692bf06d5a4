//! Real signals, sent to this process.

#![cfg(all(unix, feature = "signal"))]

mod support;

use std::process::Command;

use queue_pipeline::{Capacity, Ending, Workers, ctrl_c};
use support::{millis, on_threads, pipeline};
use tokio::time::sleep;

fn interrupt() {
    let sent = Command::new("kill").args(["-INT", &std::process::id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
}

#[test]
fn the_first_ctrl_c_stops_and_the_second_cancels() {
    on_threads(async {
        let flow = pipeline().drain_within(millis(0)).source(1..).sink(
            "stuck",
            Workers(1),
            Capacity(2),
            |n: u64| async move {
                if n > 10 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, String>(())
            },
        );
        let control = flow.control();
        let cancelled = ctrl_c(&control).unwrap();
        let run = tokio::spawn(flow.run(cancelled.clone()));
        while control.report().is_none_or(|now| now.taken() < 13) {
            sleep(millis(1)).await;
        }
        interrupt();
        // It is stopped when the source is not asked any more, although one that is stuck keeps it from ending.
        let mut before = control.report().unwrap();
        loop {
            sleep(millis(1)).await;
            let now = control.report().unwrap();
            if now.source.ended > before.source.ended {
                break;
            }
            before = now;
        }
        assert!(!run.is_finished() && !cancelled.is_cancelled());
        interrupt();
        let report = run.await.unwrap().unwrap();
        assert_eq!((report.ending, report.stored(), report.left_over()), (Ending::Cancelled, 10, 3));
    });
}
