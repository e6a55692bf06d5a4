use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use super::*;

/// A bias to this thread, and what stands for it; none where there is no such thing.
fn owned() -> Option<(Bias, Numbered)> {
    let bias = Bias::new();
    let owns = bias.keep().is_some_and(|kept| kept.own(false));
    bias.leave_if_entered();
    Some((bias, mark::mine_or_new()?)).filter(|_| owns)
}

/// As [`owned`], of a lock that was one for all before.
fn owned_again() -> Option<(Bias, Numbered)> {
    let (bias, mine) = owned()?;
    assert!(bias.keep().is_some_and(Kept::end) && bias.lean(), "it is inside, and the system has the barrier");
    Some((bias, mine))
}

fn leave(word: Option<&Word>) -> bool {
    word.into_iter().for_each(Word::leave);
    word.is_some()
}

#[test]
fn a_lock_leans_to_the_first_thread_where_the_system_has_the_barrier_and_its_owner_enters() {
    let Some((bias, mine)) = owned() else {
        assert!(!barrier::is_there() || ENDED.load(Relaxed) >= MOST_ENDED);
        return;
    };
    for foreign in [false, true] {
        let word = bias.enter(foreign);
        assert!(mine.mark.is_inside(bias.address()));
        assert!(leave(word) && !mine.mark.is_inside(bias.address()));
    }
}

#[test]
fn an_owner_that_is_kept_out_between_its_two_looks_steps_back() {
    let Some((bias, mine)) = owned() else { return };
    let mut kept = bias.keep().expect("it leans");
    assert!(kept.suspend());
    assert!(bias.enter(false).is_none(), "before the first look");
    assert!(!bias.enter_as(mine.number, mine.mark.word(false), false), "between the looks");
    assert!(!mine.mark.is_inside(bias.address()), "nobody would be let in any more");
    drop(kept);
    assert!(leave(bias.enter(false)), "it is the owner again");
}

#[test]
fn nobody_else_comes_in_before_the_owner_is_outside_whoever_asks_it_and_whoever_does_not() {
    for asks in [false, true] {
        let Some((bias, _)) = owned() else { return };
        let (begin, begins) = mpsc::channel();
        let out = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let inside = bias.enter(false);
            assert!(inside.is_some());
            scope.spawn(|| {
                begin.send(()).expect("the owner listens");
                let mut kept = bias.keep().expect("it leans");
                assert!(if asks { kept.end() } else { kept.suspend() });
                assert!(out.load(Relaxed), "two are inside");
            });
            begins.recv().expect("the other comes");
            // Until the other waits for this thread, as far as that can be seen.
            while bias.owner.load(Ordering::Relaxed) != KEPT_OUT {
                thread::yield_now();
            }
            (0..1_000).for_each(|_| thread::yield_now());
            out.store(true, Relaxed);
            leave(inside);
        });
    }
}

#[test]
fn an_owner_that_is_asked_gives_way_when_it_comes_again() {
    let Some((bias, mine)) = owned() else { return };
    bias.owner.store(mine.number | ASKED, Ordering::Relaxed);
    bias.give_way(mine.number + 1);
    assert_eq!(bias.owner.load(Ordering::Relaxed), mine.number | ASKED, "it is not for others to give way");
    assert!(bias.enter(false).is_none());
    bias.give_way(mine.number);
    assert_eq!(bias.owner.load(Ordering::Relaxed), KEPT_OUT);
}

#[test]
fn an_owner_that_is_inside_does_not_enter_again_nor_does_who_has_just_become_one() {
    let Some((bias, _)) = owned() else { return };
    let panics = |again: &dyn Fn()| catch_unwind(AssertUnwindSafe(again)).is_err();
    // Where nothing foreign runs this is looked for in tests alone.
    if cfg!(debug_assertions) {
        let inside = bias.enter(false);
        assert!(panics(&|| _ = bias.enter(false)) && leave(inside), "two would change the same state");
    }
    assert!(bias.keep().is_some_and(|kept| kept.own(true)), "as when it was kept out");
    assert!(panics(&|| _ = bias.enter(true)), "two would change the same state");
    assert!(bias.leave_if_entered() && !bias.leave_if_entered());
    let inside = bias.enter(true);
    assert!(panics(&|| _ = bias.enter(true)), "two would change the same state");
    bias.owner.store(KEPT_OUT, Ordering::Relaxed);
    assert!(panics(&|| _ = bias.keep()), "whoever keeps it out waits for it");
    assert!(leave(inside), "a panic leaves it as it was");
}

#[test]
fn a_thread_inside_of_one_lock_enters_another_by_the_way_for_all() {
    let (Some((one, _)), Some((other, _))) = (owned(), owned()) else { return };
    let inside = one.enter(true);
    assert!(inside.is_some());
    assert!(other.enter(true).is_none(), "its mark is that it is inside of the first");
    let kept = other.keep().expect("it leans");
    assert!(!kept.own(true) && kept.end() && other.is_over(), "it has no other way");
    let fresh = Bias::new();
    assert!(fresh.keep().is_some_and(|kept| !kept.own(true)), "nor does it become the owner of one");
    let (plain, _) = owned().expect("there is a barrier");
    assert!(leave(plain.enter(false)), "one in which nothing foreign runs has a mark of its own");
    assert!(leave(inside));
}

#[test]
fn whoever_is_the_owner_is_kept_out_and_where_nobody_is_there_is_nothing_to_keep() {
    let Some((_, mine)) = owned() else { return };
    for owner in [NOBODY, mine.number] {
        let bias = Bias::new();
        bias.owner.store(owner, Ordering::Relaxed);
        let mut kept = bias.keep().expect("it is no lock for all");
        assert!(kept.suspend());
        let out = if owner == NOBODY { NOBODY } else { KEPT_OUT };
        assert_eq!(bias.owner.load(Ordering::Relaxed), out, "{owner}");
        drop(kept);
        assert_eq!(bias.owner.load(Ordering::Relaxed), owner);
    }
}

#[test]
fn a_lock_is_untaken_until_somebody_owns_it_whoever_looked_meanwhile() {
    let bias = Bias::new();
    if bias.is_over() {
        assert!(!bias.is_untaken(), "nobody knows");
        return;
    }
    assert!(bias.keep().is_some_and(|mut kept| kept.suspend()));
    assert!(bias.is_untaken());
    if !bias.keep().is_some_and(|kept| kept.own(false)) {
        assert!(bias.keep().is_some_and(Kept::end));
    }
    bias.leave_if_entered();
    assert!(!bias.is_untaken());
}

#[test]
fn the_end_of_a_first_bias_is_counted_if_it_took_the_barrier() {
    let Some((bias, _)) = owned() else { return };
    let before = ENDED.load(Relaxed);
    assert!(bias.keep().is_some_and(Kept::end), "its owner does not come");
    assert!(ENDED.load(Relaxed) > before, "locks would be biased however often that was in vain");
    assert!(bias.is_over() && bias.keep().is_none() && bias.enter(false).is_none());
    assert!(!bias.key.load(Ordering::Relaxed), "nobody has it who found nothing to keep");
}

#[test]
fn a_lock_for_all_leans_again_and_says_how_that_ended() {
    let Some((bias, _)) = owned_again() else { return };
    assert!(!bias.is_over() && !bias.was_hard_to_end());
    assert!(leave(bias.enter(false)), "this thread is the owner");
    assert!(bias.keep().is_some_and(Kept::end), "its owner does not come");
    assert!(bias.is_over() && bias.was_hard_to_end());
    assert!(bias.lean() && !bias.was_hard_to_end(), "that was the time before");
}

#[test]
fn an_owner_that_stops_is_inside_as_anybody_and_whoever_came_to_keep_it_out_has_nothing_to_keep() {
    let Some((bias, mine)) = owned_again() else { return };
    bias.stop_leaning();
    assert!(!bias.is_over(), "it is outside");
    let (ends, mut keeps) = (bias.keep().expect("it leans"), Kept::begin(&bias).expect("it leans"));
    assert!(bias.enter(false).is_some());
    bias.stop_leaning();
    assert!(bias.is_over() && !mine.mark.is_inside(bias.address()));
    assert!(!keeps.suspend() && !ends.end(), "two would be inside");
    drop(keeps);
    assert!(bias.is_over(), "it is as its owner made it");
}

#[test]
fn an_owner_that_is_being_kept_out_leaves_as_one() {
    let Some((bias, mine)) = owned_again() else { return };
    let inside = bias.enter(false);
    for by in [KEPT_OUT, mine.number | ASKED] {
        bias.owner.store(by, Ordering::Relaxed);
        bias.stop_leaning();
        assert!(mine.mark.is_inside(bias.address()) && bias.owner.load(Ordering::Relaxed) == by);
    }
    assert!(leave(inside));
}

#[test]
fn a_first_bias_goes_on_while_its_owner_waits() {
    let Some((bias, _)) = owned() else { return };
    let inside = bias.enter(false);
    bias.stop_leaning();
    assert!(!bias.is_over() && leave(inside));
}
