//! Writing evidence behind the answers, again and again.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};

use super::Waiting;

/// How long evidence waits for more, so that what is refused in a row is written together.
const WRITE_AFTER: Duration = Duration::from_millis(250);
/// How long to wait after a failure.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How often a store is asked to remove what has become too old, if nothing new comes.
const SWEEP_AFTER: Duration = Duration::from_secs(3_600);

/// Writes what waits until `stop`, and what waits then. `write` says whether it could.
pub(crate) async fn drain<W: Future<Output = bool>, P: Future<Output = ()>>(
    waiting: &Waiting,
    write: impl Fn() -> W,
    pause: impl Fn(Duration) -> P,
    stop: impl Future<Output = ()>,
) {
    let _drained = waiting.begin();
    let mut stop = pin!(stop);
    loop {
        let some = async {
            select(pin!(waiting.some()), pin!(pause(SWEEP_AFTER))).await;
        };
        if let Either::Right(_) = select(pin!(some), stop.as_mut()).await {
            break;
        }
        let gathered = async {
            select(pin!(pause(WRITE_AFTER)), pin!(waiting.wanted())).await;
        };
        if let Either::Right(_) = select(pin!(gathered), stop.as_mut()).await {
            break;
        }
        // Never left in the middle: what a store was given is either written or comes back.
        if !write().await
            && let Either::Right(_) = select(pin!(pause(AGAIN_AFTER)), stop.as_mut()).await
        {
            break;
        }
    }
    write().await;
}
