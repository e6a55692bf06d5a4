//! By hand with tokio's mpsc: it has one consumer, so the workers of a stage share it behind a lock.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use super::{Plan, timed};
use crate::runtime::Flavor;

/// Runs it.
pub(crate) fn by_tokio_mpsc(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, plan, items, |work, sum| async move {
        let (last, before) = plan.stages.split_last().expect("a pipeline has a stage");
        let mut tasks = JoinSet::new();
        let (first, mut receiver) = channel(plan.stages[0].1);
        tasks.spawn(async move {
            for number in 0..items {
                first.send(number).await.expect("the first stage is there");
            }
        });
        for (stage, (workers, _)) in before.iter().enumerate() {
            let (sender, next) = channel(plan.stages[stage + 1].1);
            let shared = Arc::new(Mutex::new(receiver));
            for _ in 0..*workers {
                let (shared, sender) = (Arc::clone(&shared), sender.clone());
                tasks.spawn(async move {
                    while let Some(number) = get(&shared).await {
                        sender.send(work.on(number)).await.expect("the next stage is there");
                    }
                });
            }
            receiver = next;
        }
        let shared = Arc::new(Mutex::new(receiver));
        for _ in 0..last.0 {
            let (shared, sum) = (Arc::clone(&shared), sum.clone());
            tasks.spawn(async move {
                while let Some(number) = get(&shared).await {
                    work.store(number, &sum);
                }
            });
        }
        tasks.join_all().await;
    })
}

async fn get(shared: &Mutex<Receiver<u64>>) -> Option<u64> {
    shared.lock().await.recv().await
}
