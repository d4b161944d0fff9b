//! The days of a type that have events, from the folders of its raw objects.
//!
//! An object is there before its event is ACCEPTED, and S3 lists it at once: no day of an event is missing.

use pik_core::StoreError;

use crate::S3RawStore;
use crate::failure::store_error;

/// How many lists of up to 1,000 days each are read of a type.
const LISTS: usize = 4;

impl S3RawStore {
    /// The days, each as `YYYY-MM-DD`, from the first to the last of two, of a folder `raw/source=…/event_type=…/`.
    /// `None` when they are too many to be read to the end; those of the first list where `all` does not matter.
    pub(crate) async fn days(
        &self,
        folder: &str,
        (first, last): (&str, &str),
        all: bool,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let dates = format!("{folder}event_date=");
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(&dates).delimiter("/");
        // Without its last digit: SeaweedFS leaves out the folder that has this name, S3 does not. Days before are taken out.
        let tens = first.get(..first.len().saturating_sub(1)).unwrap_or_default();
        let list = list.start_after(format!("{dates}{tens}"));
        let mut days = Vec::new();
        let mut token = None;
        for _ in 0..LISTS {
            let page = Box::pin(list.clone().set_continuation_token(token.take()).send()).await;
            let page = page.map_err(|error| store_error("list days", self.on(), error))?;
            let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix());
            let listed = days.len();
            days.extend(folders.filter_map(|folder| folder.strip_prefix(&dates)?.strip_suffix('/')).map(str::to_owned));
            let is_behind = days[listed..].iter().any(|day| day.as_str() > last);
            days.retain(|day| (first..=last).contains(&day.as_str()));
            token = if page.is_truncated() == Some(true) { page.next_continuation_token } else { None };
            if token.is_none() || is_behind || !all && !days.is_empty() {
                return Ok(Some(days));
            }
        }
        Ok(None)
    }
}
