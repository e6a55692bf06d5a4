//! Channels of other crates are seen as they stand, and watching keeps none of them open.

use queue_core::registry::{AsyncChannel, Flume, TokioMpsc};
use queue_core::{FamilyStats, Registry};

fn family(registry: &Registry, name: &str) -> FamilyStats {
    registry.get(name).expect("it was watched")
}

#[tokio::test]
async fn a_tokio_channel_is_seen_and_not_kept_open() {
    let registry = Registry::new();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    let _watched = registry.watch("tokio", TokioMpsc::of(&sender));
    assert_eq!((family(&registry, "tokio").depth, family(&registry, "tokio").capacity), (0, Some(4)));
    for item in 0..3 {
        sender.send(item).await.unwrap();
    }
    assert_eq!(family(&registry, "tokio").utilization(), Some(0.75));
    let permit = sender.reserve().await.unwrap();
    assert_eq!(family(&registry, "tokio").depth, 4, "a reserved slot is taken");
    drop(permit);
    assert_eq!(receiver.recv().await, Some(0));
    assert_eq!(family(&registry, "tokio").depth, 2);
    drop(sender);
    assert_eq!((family(&registry, "tokio").instances, family(&registry, "tokio").depth), (0, 0));
    assert_eq!((receiver.recv().await, receiver.recv().await, receiver.recv().await), (Some(1), Some(2), None));
}

#[tokio::test]
async fn a_tokio_channel_without_a_receiver_is_gone() {
    let registry = Registry::new();
    let (sender, receiver) = tokio::sync::mpsc::channel::<u32>(4);
    let _watched = registry.watch("tokio", TokioMpsc::of(&sender));
    drop(receiver);
    assert_eq!(family(&registry, "tokio").instances, 0);
}

#[tokio::test]
async fn an_async_channel_is_seen_from_either_end_and_not_kept_open() {
    for from_receiver in [false, true] {
        let registry = Registry::new();
        let (sender, receiver) = async_channel::bounded(4);
        let source = if from_receiver { AsyncChannel::of_receiver(&receiver) } else { AsyncChannel::of(&sender) };
        let _watched = registry.watch("async", source);
        for item in 0..3 {
            sender.send(item).await.unwrap();
        }
        assert_eq!(family(&registry, "async").utilization(), Some(0.75));
        assert_eq!(receiver.recv().await, Ok(0));
        assert_eq!(family(&registry, "async").depth, 2);
        drop(sender);
        assert_eq!(family(&registry, "async").instances, 0);
        assert_eq!((receiver.recv().await.ok(), receiver.recv().await.ok()), (Some(1), Some(2)));
        assert!(receiver.recv().await.is_err(), "nobody sends any more");
    }
}

#[tokio::test]
async fn senders_of_an_async_channel_see_the_last_receiver_go() {
    let registry = Registry::new();
    let (sender, receiver) = async_channel::unbounded();
    let _watched = registry.watch("async", AsyncChannel::of_receiver(&receiver));
    sender.send(1).await.unwrap();
    assert_eq!((family(&registry, "async").depth, family(&registry, "async").capacity), (1, None));
    drop(receiver);
    assert!(sender.send(2).await.is_err());
    assert_eq!(family(&registry, "async").instances, 0);
}

#[test]
fn a_flume_channel_is_seen_and_not_kept_open() {
    let registry = Registry::new();
    let (sender, receiver) = flume::bounded(4);
    let _watched = registry.watch("flume", Flume::of(&sender));
    (0..3).for_each(|item| sender.send(item).unwrap());
    assert_eq!(family(&registry, "flume").utilization(), Some(0.75));
    assert_eq!(receiver.recv(), Ok(0));
    assert_eq!(family(&registry, "flume").depth, 2);
    drop(sender);
    assert_eq!(family(&registry, "flume").instances, 0);
    assert_eq!((receiver.recv().ok(), receiver.recv().ok()), (Some(1), Some(2)));
    assert!(receiver.recv().is_err(), "nobody sends any more");
}

#[test]
fn flume_channels_without_a_bound_and_without_a_buffer_have_no_utilization() {
    let registry = Registry::new();
    let (unbounded, to_unbounded) = flume::unbounded();
    let (rendezvous, to_rendezvous) = flume::bounded::<u32>(0);
    let _watched =
        [registry.watch("unbounded", Flume::of(&unbounded)), registry.watch("rendezvous", Flume::of(&rendezvous))];
    unbounded.send(1).unwrap();
    assert_eq!((family(&registry, "unbounded").depth, family(&registry, "unbounded").capacity), (1, None));
    assert_eq!((family(&registry, "rendezvous").depth, family(&registry, "rendezvous").capacity), (0, Some(0)));
    for name in ["unbounded", "rendezvous"] {
        assert_eq!(family(&registry, name).utilization(), None);
    }
    drop((to_unbounded, to_rendezvous));
    assert!(registry.snapshot().iter().all(|family| family.instances == 0));
}
