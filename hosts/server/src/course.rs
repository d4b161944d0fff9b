//! What a server is to do from now on.

use tokio::sync::watch;

/// What a server is to do from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Take connections and answer their requests.
    Serve,
    /// Make room for another process at the same sockets, which keep being served until what is slow has ended.
    HandOver,
    /// Take no connection any more, and answer what is in flight.
    Stop,
}

impl Course {
    /// Waits until it is no longer [`Course::Serve`], or nobody is left who could tell.
    pub(crate) async fn ends(course: &mut watch::Receiver<Self>) {
        let _ = course.wait_for(|course| *course != Self::Serve).await;
    }

    /// Waits until it is [`Course::Stop`], or nobody is left who could tell.
    pub(crate) async fn stops(course: &mut watch::Receiver<Self>) {
        let _ = course.wait_for(|course| *course == Self::Stop).await;
    }
}
