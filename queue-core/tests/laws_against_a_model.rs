//! The laws, against a model of plain data: random verbs, on every kind of queue and with every overflow, agree with
//! it in each result, each counter, each wake-up, and in what was let go in which order.
//!
//! Scripts run on one thread, with a clock that is moved by hand and futures that are polled by hand, so that one that
//! fails fails again, and shrinks to the few verbs that matter. The scripts are the same in every run, 256 of each
//! kind; `PROPTEST_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod model;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use model::scripts::{End, First, Script, Step, Verb, call, scripts};
use model::{Answer, Call, Id, Item, Linger, Model, Order};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use queue_core::testing::{ByHand, PausedClock};
use queue_core::{
    Delivery, DropReason, Fifo, Kind, Lifo, Overflow, Permit, Priority, PutError, QueueOf, Registry, Shutdown, Totals,
    WeakQueue,
};

/// What a real future ends with: the answer, and what came with it that has a life of its own.
struct Ended<K: Kind<Item>> {
    answer: Answer,
    permit: Option<Permit<Item, K>>,
    delivery: Option<Delivery<Item, K>>,
}

type Real<K> = ByHand<Pin<Box<dyn Future<Output = Ended<K>>>>>;

/// A real queue and its model, step by step.
struct World<K: Kind<Item>> {
    model: Model,
    weak: WeakQueue<Item, K>,
    registry: Registry,
    clock: PausedClock,
    let_go: Arc<Mutex<Vec<(u32, DropReason)>>>,
    // What follows has handles; the first of `handles` lives as long as the script.
    futures: BTreeMap<Id, Real<K>>,
    permits: Vec<Permit<Item, K>>,
    deliveries: Vec<Delivery<Item, K>>,
    handles: Vec<QueueOf<Item, K>>,
    made: u32,
}

impl<K: Kind<Item> + 'static> World<K>
where
    K::Buffer: Send,
{
    fn new(order: Order, script: &Script) -> Self {
        let clock = PausedClock::pause();
        let registry = Registry::new();
        let let_go = Arc::new(Mutex::new(Vec::new()));
        let builder = QueueOf::<Item, K>::builder("model").overflow(script.overflow).registry(&registry);
        let builder = match script.capacity {
            Some(capacity) => builder.capacity(capacity),
            None => builder.unbounded(),
        };
        let gone = Arc::clone(&let_go);
        let queue = builder.on_drop(move |item, reason| gone.lock().unwrap().push((item.id, reason))).build().unwrap();
        // Time counts from the first look.
        let _ = queue.stats();
        Self {
            model: Model::new(order, script.capacity, script.overflow),
            weak: queue.downgrade(),
            registry,
            clock,
            let_go,
            futures: BTreeMap::new(),
            permits: Vec::new(),
            deliveries: Vec::new(),
            handles: vec![queue],
            made: 0,
        }
    }

    fn item(&mut self, priority: u8) -> Item {
        self.made += 1;
        Item { priority, id: self.made }
    }

    fn step(&mut self, step: Step) {
        let queue = self.handles[0].clone();
        match step {
            Step::TryPut(priority) => {
                let item = self.item(priority);
                let real = queue.try_put(item).map_err(of_id);
                assert_eq!(real, self.model.try_put(item));
            }
            Step::TryGet => assert_eq!(queue.try_get().map(|item| item.id), self.model.try_get()),
            Step::Drain => {
                let real: Vec<_> = queue.drain().into_iter().map(|item| item.id).collect();
                assert_eq!(real, self.model.drain());
            }
            Step::Start(verb, priority, first) => {
                let id = self.made as Id;
                let item = self.item(priority);
                let call = call(verb, item);
                self.model.start(id, call);
                self.futures.insert(id, ByHand::new(start(queue, call)));
                if first == First::Poll {
                    self.poll(id);
                }
            }
            Step::Poll(which) => {
                if let Some(id) = self.running(which) {
                    self.poll(id);
                }
            }
            Step::DropFuture(which) => {
                if let Some(id) = self.running(which) {
                    self.drop_future(id);
                }
            }
            Step::PermitPut(which, priority) => {
                if let Some(permit) = pick(&mut self.permits, which) {
                    let item = self.item(priority);
                    let real = permit.put(item).map_err(of_id);
                    assert_eq!(real, self.model.put_into_permit(item));
                }
            }
            Step::PermitDrop(which) => {
                if let Some(permit) = pick(&mut self.permits, which) {
                    drop(permit);
                    self.model.drop_permit();
                }
            }
            Step::TaskDone(n) => {
                assert_eq!(queue.task_done_many(n).is_ok(), self.model.finish(n, |totals| &mut totals.done_ok));
            }
            Step::Finish(which, end) => {
                if let Some(delivery) = pick(&mut self.deliveries, which) {
                    self.finish(delivery, end);
                }
            }
            Step::SetCapacity(items) => assert_eq!(queue.set_capacity(items).is_ok(), self.model.set_capacity(items)),
            Step::ShutDown(how) => {
                queue.shutdown(how);
                self.model.shut_down(how);
            }
            Step::Upgrade => self.handles.extend(self.weak.upgrade()),
            Step::DropHandle => drop((self.handles.len() > 1).then(|| self.handles.pop())),
            Step::Pass(milliseconds) => {
                self.clock.advance(Duration::from_millis(milliseconds));
                self.model.pass(Duration::from_millis(milliseconds));
            }
        }
    }

    fn running(&self, which: usize) -> Option<Id> {
        self.futures.keys().nth(which % self.futures.len().max(1)).copied()
    }

    fn poll(&mut self, id: Id) {
        let real = match self.futures.get_mut(&id).unwrap().poll() {
            Poll::Ready(ended) => {
                self.futures.remove(&id);
                self.permits.extend(ended.permit);
                self.deliveries.extend(ended.delivery);
                Some(ended.answer)
            }
            Poll::Pending => None,
        };
        assert_eq!(real, self.model.poll(id));
    }

    fn drop_future(&mut self, id: Id) {
        self.futures.remove(&id);
        self.model.drop(id);
    }

    fn finish(&mut self, delivery: Delivery<Item, K>, end: End) {
        let count: fn(&mut Totals) -> &mut u64 = match end {
            End::Done => |totals| &mut totals.done_ok,
            End::Fail => |totals| &mut totals.done_failed,
            End::Drop | End::IntoInner => |totals| &mut totals.done_abandoned,
        };
        match end {
            End::Done => delivery.done(),
            End::Fail => delivery.fail(),
            End::Drop => drop(delivery),
            End::IntoInner => {
                delivery.into_inner();
                return;
            }
        }
        // An item that was finished by task_done already is not finished again.
        self.model.finish(1, count);
    }

    fn compare(&self) {
        let (queue, model) = (&self.handles[0], &self.model);
        let real = queue.stats();
        assert_eq!(real, model.stats(&real));
        assert_eq!((real.oldest_age.is_some(), real.stalled.is_some()), (real.depth > 0, real.depth > 0));
        assert_eq!((queue.len(), queue.is_empty(), queue.capacity()), (real.depth, real.depth == 0, real.capacity));
        assert_eq!((queue.is_full(), queue.is_shut_down()), (model.is_full(), model.is_shut_down()));
        assert_eq!(*self.let_go.lock().unwrap(), model.let_go);
        for (id, future) in &self.futures {
            let (woken, due) = (future.is_woken(), model.is_due(*id));
            assert!(woken || !due, "nobody woke {id}, who has an answer");
            assert!(!woken || due || model.may_look(*id), "{id} was woken for nothing");
        }
    }

    /// Drops what the script left, future by future, and then the last handle.
    fn end(mut self) {
        while let Some(id) = self.running(0) {
            self.drop_future(id);
            self.compare();
        }
        while let Some(permit) = self.permits.pop() {
            drop(permit);
            self.model.drop_permit();
            self.compare();
        }
        assert!(self.weak.upgrade().is_some());
        self.handles.clear();
        self.model.shut_down(Shutdown::Immediate);
        assert!(self.weak.upgrade().is_none());
        assert_eq!(*self.let_go.lock().unwrap(), self.model.let_go);
        while let Some(delivery) = self.deliveries.pop() {
            self.finish(delivery, End::Drop);
        }
        // Who comes after the last handle reads the name's totals; the sum of floats is compared before.
        let totals = self.registry.get("model").unwrap().totals;
        assert_eq!(Totals { depth_time: 0.0, ..totals }, Totals { depth_time: 0.0, ..self.model.totals().clone() });
    }
}

fn pick<E>(from: &mut Vec<E>, which: usize) -> Option<E> {
    (!from.is_empty()).then(|| from.remove(which % from.len()))
}

fn of_id(error: PutError<Item>) -> PutError<u32> {
    match error {
        PutError::Full(item) => PutError::Full(item.id),
        PutError::ShutDown(item) => PutError::ShutDown(item.id),
        PutError::TimedOut(item) => PutError::TimedOut(item.id),
    }
}

fn start<K: Kind<Item> + 'static>(queue: QueueOf<Item, K>, call: Call) -> Pin<Box<dyn Future<Output = Ended<K>>>> {
    let ended = |answer| Ended { answer, permit: None, delivery: None };
    let put = move |result: Result<_, _>| ended(Answer::Put(result.map_err(of_id)));
    let got = move |result: Result<Item, _>| ended(Answer::Got(result.map(|item| vec![item.id])));
    Box::pin(async move {
        match call {
            Call::Put(item) => put(queue.put(item).await),
            Call::PutNow(item) => put(queue.put_timeout(item, Duration::ZERO).await),
            Call::Get => got(queue.get().await),
            Call::GetNow => got(queue.get_timeout(Duration::ZERO).await),
            Call::Reserve => match queue.reserve().await {
                Ok(permit) => Ended { permit: Some(permit), ..ended(Answer::Reserved(Ok(()))) },
                Err(error) => ended(Answer::Reserved(Err(error))),
            },
            Call::Receive => match queue.receive().await {
                Ok(delivery) => {
                    let answer = Answer::Got(Ok(vec![delivery.id]));
                    Ended { delivery: Some(delivery), ..ended(answer) }
                }
                Err(error) => ended(Answer::Got(Err(error))),
            },
            Call::Batch(max, linger) => {
                let linger = if linger == Linger::No { Duration::ZERO } else { Duration::from_secs(1_000_000) };
                let items = queue.get_batch(max, linger).await;
                ended(Answer::Got(items.map(|items| items.iter().map(|item| item.id).collect())))
            }
            Call::Join => {
                queue.join().await;
                ended(Answer::Signal)
            }
            Call::UntilShutDown => {
                queue.until_shut_down().await;
                ended(Answer::Signal)
            }
        }
    })
}

fn run<K: Kind<Item> + 'static>(order: Order, script: &Script)
where
    K::Buffer: Send,
{
    let mut world = World::<K>::new(order, script);
    for step in &script.steps {
        world.step(*step);
        // A look brings the queue up to now, so there is none before the verb that has to do it itself.
        if !matches!(step, Step::Pass(_)) {
            world.compare();
        }
    }
    world.end();
}

fn agrees_with_the_model<K: Kind<Item> + 'static>(order: Order)
where
    K::Buffer: Send,
{
    // Batches that linger make timers; nobody lets them run out.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timers = runtime.enter();
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    let result = TestRunner::new(config).run(&scripts(), |script| {
        run::<K>(order, &script);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn any_script_on_a_queue_agrees_with_the_model() {
    agrees_with_the_model::<Fifo>(Order::Fifo);
}

#[test]
fn any_script_on_a_stack_agrees_with_the_model() {
    agrees_with_the_model::<Lifo>(Order::Lifo);
}

#[test]
fn any_script_on_a_priority_queue_agrees_with_the_model() {
    agrees_with_the_model::<Priority>(Order::Priority);
}

// Scripts that were found to fail, as they were shrunk.

#[test]
fn a_wait_that_ends_with_the_slot_of_a_dropped_permit_counts_to_its_end() {
    let reserve = Step::Start(Verb::Reserve, 0, First::Poll);
    let steps = vec![reserve, reserve, Step::Pass(1), Step::PermitDrop(0)];
    run::<Fifo>(Order::Fifo, &Script { capacity: Some(1), overflow: Overflow::Wait, steps });
}
