//! The last handle: dropped by one thread while another still works with a handle of its own, which is then the last.

use std::sync::{Arc, Mutex};

use queue_core::Queue;

use super::operations::{Need, Operation};
use super::{Kit, MAIN, OF_ONE, Scene, thread};

/// Whether `operation` ends without help in `scene`.
pub(crate) fn ends_by_itself(scene: Scene, operation: &Operation) -> bool {
    match operation.need {
        Need::Nothing => true,
        Need::Slots(items) => scene.filled + items <= scene.capacity,
        Need::SpareSlot => scene.filled < scene.capacity,
        Need::Item | Need::Batch(_) => scene.filled > 0,
        Need::Finish => scene.filled == 0,
        Need::End => false,
    }
}

/// Lets `operation` meet the drop of the other handle: every item was got, or let go when the queue ended, once.
pub(crate) fn meet(scene: Scene, operation: Operation) {
    let let_go = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&let_go);
    let on_drop = move |item, _| hook.lock().unwrap().push(item);
    let queue = Queue::builder("model").capacity(scene.capacity).on_drop(on_drop).unregistered().build().unwrap();
    let mut put: Vec<u32> = (MAIN..).take(scene.filled).collect();
    for item in &put {
        if scene.has_lanes { queue.blocking_put(*item) } else { queue.try_put(*item) }.unwrap();
    }
    let weak = queue.downgrade();
    let (producer, consumer) = if operation.of_a_half { Some(queue.clone().split()).unzip() } else { (None, None) };
    let kit = Kit { queue: queue.clone(), producer, consumer, item: OF_ONE };
    let worker = thread::spawn(move || (operation.run)(kit));
    drop(queue);
    let outcome = worker.join().unwrap();
    assert!(weak.upgrade().is_none(), "somebody still holds a handle");
    put.extend(outcome.put);
    let mut gone = outcome.got;
    gone.append(&mut let_go.lock().unwrap());
    put.sort_unstable();
    gone.sort_unstable();
    assert_eq!(put, gone, "lost or doubled");
}
