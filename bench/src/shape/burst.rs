//! One thread, no waiting.

use std::time::Instant;

use super::each;
use crate::ends::{TryGet, TryPut};
use crate::item::{Item, check_sum};

/// Puts `burst` items, then gets them, until about `items` are through.
pub(crate) fn burst<T: Item, P: TryPut<T>, G: TryGet<T>>(ends: (P, G), burst: u64, items: u64) -> f64 {
    let (mut putter, mut getter) = ends;
    let items = items.div_ceil(burst) * burst;
    let (mut number, mut sum) = (0, 0);
    let started = Instant::now();
    while number < items {
        for number in number..number + burst {
            assert!(putter.try_put_item(T::numbered(number)), "there is room for a burst");
        }
        for _ in 0..burst {
            sum += getter.try_get_item().expect("what was put is there").number();
        }
        number += burst;
    }
    let took = started.elapsed();
    check_sum(items, sum);
    each(took, items)
}

/// Puts items in a mixed order, then gets them all, which must then come in order: `ends` is made anew for each pour.
pub(crate) fn pour<P: TryPut<u64>, G: TryGet<u64>>(ends: impl Fn() -> (P, G), pour: u64, items: u64) -> f64 {
    let pours = items.div_ceil(pour);
    let mut made: Vec<_> = (0..pours).map(|_| ends()).collect();
    // A step that shares no factor with the count visits every number once, far from its neighbours.
    let step = (pour * 5 / 8) | 1;
    let step = (step..).find(|step| gcd(*step, pour) == 1).expect("a prime is not far");
    let started = Instant::now();
    for (putter, getter) in &mut made {
        let (mut number, mut sum) = (0, 0);
        for _ in 0..pour {
            assert!(putter.try_put_item(number), "there is room for all");
            number = (number + step) % pour;
        }
        for expected in 0..pour {
            let number = getter.try_get_item().expect("what was put is there");
            assert_eq!(number, expected, "the smallest is next");
            sum += number;
        }
        check_sum(pour, sum);
    }
    let took = started.elapsed();
    each(took, pours * pour)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
