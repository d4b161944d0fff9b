//! Evidence of what was refused.

use pik_core::{
    Evidence, NotKept, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery,
    Rejections, StoreError,
};

use crate::DynamoLedger;

impl Rejections for DynamoLedger {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        let error = StoreError::Unavailable("this store keeps no evidence of refused events yet".into());
        Err(NotKept { error, rest: evidence })
    }

    async fn rejections(
        &self,
        _: &RejectionQuery,
        _: Option<RejectionPlace>,
        _: usize,
    ) -> Result<RejectionPage, StoreError> {
        Ok(RejectionPage { records: Vec::new(), next: None })
    }

    async fn rejected_hours(&self, _: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        Ok(Vec::new())
    }

    async fn rejected_streams(&self, _: Option<(&str, &str)>, _: usize) -> Result<Vec<RejectedStream>, StoreError> {
        Ok(Vec::new())
    }
}
