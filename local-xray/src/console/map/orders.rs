//! The orders in which maps were drawn, so that the next drawing of the same keeps its nodes where they were.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::layout::Order;

/// Of how many filters the order is kept; the one that was used longest ago goes.
const KEPT_MAX: usize = 32;

/// Orders by the filter of their map, the one used last at the end.
#[derive(Default)]
pub(crate) struct Orders(Mutex<VecDeque<(String, Order)>>);

impl Orders {
    /// The order of the last map with this filter.
    pub(super) fn get(&self, filter: &str) -> Option<Order> {
        let orders = self.lock();
        let known = orders.iter().find(|(known, _)| known == filter);
        known.map(|(_, order)| order.clone())
    }

    pub(super) fn keep(&self, filter: &str, order: Order) {
        let mut orders = self.lock();
        orders.retain(|(known, _)| known != filter);
        orders.push_back((filter.to_owned(), order));
        if orders.len() > KEPT_MAX {
            orders.pop_front();
        }
    }

    /// Whoever panicked left whole orders.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, Order)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_used_last_are_kept() {
        let orders = Orders::default();
        for filter in 0..=KEPT_MAX {
            orders.keep("used always", Order::default());
            orders.keep(&filter.to_string(), Order::default());
        }
        let kept = |filter: &str| orders.get(filter).is_some();
        assert!(kept("used always") && kept("32") && kept("2"));
        assert!(!kept("1") && !kept("0"));
    }
}
