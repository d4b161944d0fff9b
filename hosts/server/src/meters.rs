//! What counts how much the bearers of each token send.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use pik_http::{Meter, Rate, TokenName};

/// A limit on events, and one on bytes.
type Rates = (Option<Rate>, Option<Rate>);

/// The meters of all tokens with limits, which a file of tokens names.
#[derive(Default)]
pub(crate) struct Meters(Mutex<HashMap<TokenName, Known>>);

type Known = (Rates, Arc<TokenMeter<MonotonicClock>>);

impl Meters {
    /// The token's meter; a new one, with all that it allows, when its limits changed.
    pub(crate) fn of(&self, token: &TokenName, rates: Rates) -> Arc<dyn Meter> {
        // Nothing in the critical section panics.
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match meters.get(token) {
            Some((known, meter)) if *known == rates => Arc::clone(meter) as _,
            Some(_) | None => {
                let meter = Arc::new(TokenMeter::new(rates, MonotonicClock));
                meters.insert(token.clone(), (rates, Arc::clone(&meter)));
                meter
            }
        }
    }
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

struct TokenMeter<C: Clock> {
    events: Option<Limiter<C>>,
    bytes: Option<Limiter<C>>,
    clock: C,
}

impl<C: Clock + Clone> TokenMeter<C> {
    fn new((events, bytes): Rates, clock: C) -> Self {
        let limiter = |rate: Rate| {
            let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
            RateLimiter::direct_with_clock(quota, clock.clone())
        };
        Self { events: events.map(limiter), bytes: bytes.map(limiter), clock }
    }
}

impl<C: Clock + Send + Sync> Meter for TokenMeter<C>
where
    C::Instant: Send + Sync,
{
    fn count(&self, events: usize, bytes: usize) -> Result<(), Duration> {
        // A body that fails for its bytes has its events counted already. They come back while it waits.
        for (limiter, amount) in [(&self.events, events), (&self.bytes, bytes)] {
            let amount = NonZeroU32::new(u32::try_from(amount).unwrap_or(u32::MAX));
            let (Some(limiter), Some(amount)) = (limiter, amount) else { continue };
            let fits = limiter.check_n(amount).expect("a body within its limits is no more than comes at once");
            fits.map_err(|until| until.wait_time_from(self.clock.now()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_second: u32, burst: u32) -> Option<Rate> {
        Some(Rate { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() })
    }

    #[test]
    fn what_was_sent_comes_back_with_time() {
        let clock = FakeRelativeClock::default();
        let meter = TokenMeter::new((rate(10, 100), rate(1_000, 10_000)), clock.clone());
        assert_eq!(meter.count(100, 1), Ok(()));
        assert_eq!(meter.count(1, 1), Err(Duration::from_millis(100)));
        assert_eq!(meter.count(0, 1), Ok(()), "no event, no limit on events");
        clock.advance(Duration::from_secs(2));
        assert_eq!(meter.count(21, 1), Err(Duration::from_millis(100)));
        assert_eq!(meter.count(20, 10_000), Ok(()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(meter.count(1, 1_001), Err(Duration::from_millis(1)));
        assert_eq!(meter.count(1, 1_000), Ok(()));
    }

    #[test]
    fn a_token_keeps_its_meter_until_its_limits_change() {
        let meters = Meters::default();
        let name: TokenName = "shop".parse().unwrap();
        assert_eq!(meters.of(&name, (rate(1, 5), None)).count(5, 1), Ok(()));
        assert!(meters.of(&name, (rate(1, 5), None)).count(5, 1).is_err());
        assert!(meters.of(&"other".parse().unwrap(), (rate(1, 5), None)).count(5, 1).is_ok());
        assert_eq!(meters.of(&name, (rate(1, 6), None)).count(6, 1), Ok(()));
    }
}
