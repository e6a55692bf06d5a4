//! Longer programs: producers and consumers that go through the table at random until all is got.
//!
//! Nobody is helped here. The consumers go on until the queue is shut down and empty, so whoever waits for ever was
//! forgotten.

use std::sync::Arc;

use queue_core::{GetError, ItemSampling, Shutdown};

use super::getting::GETTING;
use super::operations::{Need, OTHERS, Operation};
use super::putting::PUTTING;
use super::{Kit, Meeting, OF_ONE, Outcome, sampled, thread};

/// Says a number below the one that it is given; asked by every thread.
pub(crate) type Random = Arc<dyn Fn(usize) -> usize + Send + Sync>;

/// Operations that each producer does; two items each at most.
const PUTS: u32 = OF_ONE / 2;
/// Operations of the one who does all the rest.
const OTHER_STEPS: usize = 4;

/// Runs one program.
pub(crate) fn run(random: &Random) {
    let capacity = 1 + random(2);
    let queue = sampled(capacity, [ItemSampling::Off, ItemSampling::OneIn(4)][random(2)]);
    let mut meeting = Meeting { queue: queue.clone(), room_before: capacity, own: Outcome::default(), all: Vec::new() };
    let (producer, consumer) = queue.split();
    let kit = |item| {
        let halves = (Some(producer.clone()), Some(consumer.clone()));
        Kit { queue: meeting.queue.clone(), producer: halves.0, consumer: halves.1, item }
    };
    let consumers = 1 + random(2);
    // An item that a dropped get returns has its old place, but somebody else may have got a later one meanwhile.
    let in_order = consumers == 1 || random(2) == 0;
    let gets = GETTING.iter().filter(|get| consumers == 1 || !in_order || !get.name.contains("dropped"));
    let gets: Arc<[Operation]> = gets.copied().collect();

    let getting: Vec<_> = (0..consumers)
        .map(|_| {
            let (kit, random, gets) = (kit(0), Arc::clone(random), Arc::clone(&gets));
            thread::spawn(move || get_all(&kit, &random, &gets))
        })
        .collect();
    let putting: Vec<_> = (1..=1 + random(2) as u32)
        .map(|nth| {
            let (kit, random) = (kit(nth * OF_ONE), Arc::clone(random));
            thread::spawn(move || put_some(kit, &random))
        })
        .collect();
    let meddling = thread::spawn({
        let (kit, random) = (kit(0), Arc::clone(random));
        move || meddle(&kit, &random)
    });
    for thread in putting {
        meeting.all.push(thread.join().unwrap());
    }
    meddling.join().unwrap();
    meeting.queue.shutdown(Shutdown::Drain);
    for thread in getting {
        meeting.all.push(thread.join().unwrap());
    }
    assert_eq!(meeting.queue.stats().totals.dropped(), 0, "a drain lets nothing go");
    meeting.check(in_order);
    drop((producer, consumer));
}

impl Kit {
    fn again(&self, item: u32) -> Self {
        Self { queue: self.queue.clone(), producer: self.producer.clone(), consumer: self.consumer.clone(), item }
    }
}

fn put_some(kit: Kit, random: &Random) -> Outcome {
    let mut all = Outcome::default();
    for nth in 0..PUTS {
        let put = (PUTTING[random(PUTTING.len())].run)(kit.again(kit.item + 2 * nth));
        all.put.extend(put.put);
    }
    all
}

fn get_all(kit: &Kit, random: &Random, gets: &[Operation]) -> Outcome {
    let mut all = Outcome::default();
    loop {
        let got = (gets[random(gets.len())].run)(kit.again(0));
        if got.got.is_empty() && kit.queue.is_shut_down() {
            // What another consumer was handed may still come back, so it may take a wait to know.
            match super::block_on(kit.queue.get()) {
                Ok(item) => all.got.push(item),
                Err(error) => {
                    assert_eq!(error, GetError::ShutDown);
                    return all;
                }
            }
        }
        all.got.extend(got.got);
    }
}

/// Neither puts nor gets, nor ends anything.
fn meddle(kit: &Kit, random: &Random) {
    let harmless = |other: &&Operation| other.need == Need::Nothing && !other.name.starts_with("shutdown");
    let others: Vec<_> = OTHERS.iter().filter(harmless).collect();
    for _ in 0..OTHER_STEPS {
        (others[random(others.len())].run)(kit.again(0));
    }
}
