//! By hand with async-channel, which has many consumers.

use async_channel::bounded;
use tokio::task::JoinSet;

use super::{Plan, timed, work};
use crate::runtime::Flavor;

/// Runs it.
pub(crate) fn by_async_channel(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, items, async move {
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
                        sender.send(work(number)).await.expect("the next stage is there");
                    }
                });
            }
            receiver = next;
        }
        let mut sums = JoinSet::new();
        for _ in 0..last.0 {
            let receiver = receiver.clone();
            sums.spawn(async move {
                let mut sum = 0;
                while let Ok(number) = receiver.recv().await {
                    sum += work(number);
                }
                sum
            });
        }
        drop(receiver);
        tasks.join_all().await;
        sums.join_all().await.into_iter().sum()
    })
}
