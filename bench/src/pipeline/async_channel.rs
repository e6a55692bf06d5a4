//! By hand with async-channel, which has many consumers.

use async_channel::bounded;
use tokio::task::JoinSet;

use super::{Plan, timed};
use crate::runtime::Flavor;

/// Runs it.
pub(crate) fn by_async_channel(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, plan, items, |work, sum| async move {
        let (last, before) = plan.stages.split_last().expect("a pipeline has a stage");
        let mut tasks = JoinSet::new();
        let (first, mut receiver) = bounded(plan.stages[0].1);
        tasks.spawn(async move {
            for number in 0..items {
                first.send(number).await.expect("the first stage is there");
            }
        });
        for (stage, (workers, _)) in before.iter().enumerate() {
            let (sender, next) = bounded(plan.stages[stage + 1].1);
            for _ in 0..*workers {
                let (receiver, sender) = (receiver.clone(), sender.clone());
                tasks.spawn(async move {
                    while let Ok(number) = receiver.recv().await {
                        sender.send(work.on(number)).await.expect("the next stage is there");
                    }
                });
            }
            receiver = next;
        }
        for _ in 0..last.0 {
            let (receiver, sum) = (receiver.clone(), sum.clone());
            tasks.spawn(async move {
                while let Ok(number) = receiver.recv().await {
                    work.store(number, &sum);
                }
            });
        }
        drop(receiver);
        tasks.join_all().await;
    })
}
