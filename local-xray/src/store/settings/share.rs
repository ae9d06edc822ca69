//! How a reservoir is shared among the clients of a rule.

/// The max-min fair shares of `whole`, in the order of the demands, in whole requests a second:
/// nobody gets more than it asked for while somebody else gets less than it asked for and less than
/// the first. What is left when all have what they asked for is shared evenly, so that a burst finds
/// it. The shares add up to `whole`.
pub(super) fn fair_shares(whole: u32, demands: &[u32]) -> Vec<u32> {
    let mut by_demand: Vec<usize> = (0..demands.len()).collect();
    by_demand.sort_by_key(|&client| (demands[client], client));
    let mut shares = vec![0; demands.len()];
    let mut left = whole;
    for (served, &client) in by_demand.iter().enumerate() {
        let waiting = count(demands.len() - served);
        shares[client] = demands[client].min(left / waiting);
        left -= shares[client];
    }
    let clients = count(demands.len());
    if let Some(each) = left.checked_div(clients) {
        let mut odd = left - each * clients;
        for share in &mut shares {
            *share += each + odd.min(1);
            odd = odd.saturating_sub(1);
        }
    }
    shares
}

fn count(clients: usize) -> u32 {
    u32::try_from(clients).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_small_get_what_they_ask_and_the_large_share_the_rest() {
        for (whole, demands, expected) in [
            (10, &[][..], &[][..]),
            (10, &[3], &[10]),
            (10, &[30], &[10]),
            (10, &[1, 30], &[1, 9]),
            (10, &[30, 1, 30], &[4, 1, 5]),
            (2, &[8, 8, 8], &[0, 1, 1]),
            (0, &[8, 8], &[0, 0]),
            (7, &[0, 0], &[4, 3]),
            (10, &[2, 3], &[5, 5]),
        ] {
            assert_eq!(fair_shares(whole, demands), expected, "{whole} {demands:?}");
        }
    }

    proptest! {
        #[test]
        fn shares_are_whole_and_fair(
            whole in 0u32..2000,
            demands in proptest::collection::vec(0u32..300, 1..40),
        ) {
            let shares = fair_shares(whole, &demands);
            prop_assert_eq!(shares.iter().sum::<u32>(), whole);
            let short = || (0..demands.len()).filter(|&client| shares[client] < demands[client]);
            for poor in short() {
                for rich in 0..demands.len() {
                    // One more, since requests are not divided.
                    prop_assert!(shares[rich] <= shares[poor] + 1, "{demands:?}: {shares:?}");
                    prop_assert!(shares[rich] <= demands[rich], "{demands:?}: {shares:?}");
                }
            }
        }
    }
}
