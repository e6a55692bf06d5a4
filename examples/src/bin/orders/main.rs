//! A service as there are many: tasks that send into a channel, and one that receives. `docs/adopt.md` says what the
//! three lines are that make its channel a queue on the dashboard.

use std::error::Error;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{interval, sleep};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_target(false).with_writer(std::io::stderr).init();
    let (orders, mut to_store) = mpsc::channel(64);
    let queues = queue_core::Registry::global();
    let _watched = queues.watch("orders", queue_core::registry::TokioMpsc::of(&orders));
    let _monitor = queue_monitor::Monitor::from_yaml_file("queues.yaml")?.registry(&queues).try_spawn()?;

    // Two hundred orders a second come in, ...
    tokio::spawn(async move {
        let mut ticks = interval(Duration::from_millis(5));
        for order in 0_u64.. {
            ticks.tick().await;
            if orders.send(order).await.is_err() {
                break;
            }
        }
    });

    // ... and to store one takes ten milliseconds: half of them, that is, cannot be stored in time.
    while let Some(_order) = to_store.recv().await {
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
