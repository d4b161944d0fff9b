//! What a service refused, in words that say what to do.

use pik_core::Obstacle;

use crate::on::On;

/// An answer that is not a success.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal<'a> {
    pub(crate) status: u16,
    pub(crate) code: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    /// The bucket's region, when S3 tells it.
    pub(crate) region: Option<&'a str>,
    /// The service's id of the request, for its support.
    pub(crate) request: Option<&'a str>,
}

/// Why a service refuses, where an operator can do something about it.
enum Cause<'a> {
    Clock,
    OtherRegion { bucket: &'a str, region: &'a str },
    Key(Option<&'a str>),
    NoBucket(&'a str),
    NoTable(&'a str),
    Credentials,
    NotPermitted,
}

impl<'a> Refusal<'a> {
    /// What was refused and what to do about it, then what the service said.
    pub(crate) fn in_words(&self, on: On<'_>) -> String {
        match self.cause(on) {
            Some(cause) => format!("{} ({})", cause.advice(), self.said()),
            None => self.said(),
        }
    }

    /// What the operator must remove, as far as it can be told.
    pub(crate) fn obstacle(&self, on: On<'_>) -> Option<Obstacle> {
        self.cause(on).map(|cause| match cause {
            Cause::Clock => Obstacle::WrongClock,
            Cause::OtherRegion { .. } => Obstacle::OtherRegion,
            Cause::Key(_) => Obstacle::UnusableKey,
            Cause::NoBucket(_) | Cause::NoTable(_) => Obstacle::Missing,
            Cause::Credentials | Cause::NotPermitted => Obstacle::Denied,
        })
    }

    fn cause<'b>(&'b self, on: On<'b>) -> Option<Cause<'b>> {
        if self.is_clock_skew() {
            return Some(Cause::Clock);
        }
        let here = match on {
            On::Bucket(bucket, key) => {
                let region = self.other_region().map(|region| Cause::OtherRegion { bucket, region });
                region.or_else(|| self.is_about_kms().then_some(Cause::Key(key))).or_else(|| {
                    // The answer to a HEAD has no code.
                    let is_missing =
                        matches!((self.code, self.status), (Some("NoSuchBucket"), _) | (None | Some("NotFound"), 404));
                    is_missing.then_some(Cause::NoBucket(bucket))
                })
            }
            On::Table(table) => (self.code == Some("ResourceNotFoundException")).then_some(Cause::NoTable(table)),
            On::Queue(_) => None,
        };
        here.or_else(|| self.is_denied())
    }

    fn is_denied(&self) -> Option<Cause<'static>> {
        match (self.code, self.status) {
            (
                Some("AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "AccountProblem" | "Forbidden"),
                _,
            ) => Some(Cause::NotPermitted),
            (
                Some(
                    "ExpiredToken"
                    | "ExpiredTokenException"
                    | "InvalidAccessKeyId"
                    | "InvalidClientTokenId"
                    | "InvalidSecurity"
                    | "InvalidSignatureException"
                    | "InvalidToken"
                    | "MissingAuthenticationToken"
                    | "MissingAuthenticationTokenException"
                    | "NotSignedUp"
                    | "SignatureDoesNotMatch"
                    | "TokenRefreshRequired"
                    | "UnrecognizedClientException",
                ),
                _,
            ) => Some(Cause::Credentials),
            (None, 401 | 403) => Some(Cause::NotPermitted),
            (Some(_) | None, _) => None,
        }
    }

    fn is_clock_skew(&self) -> bool {
        match self.code {
            Some("RequestTimeTooSkewed" | "RequestInTheFuture" | "RequestExpired") => true,
            Some("InvalidSignatureException" | "SignatureDoesNotMatch") => {
                let says = |part| self.message.is_some_and(|message| message.contains(part));
                says("Signature expired") || says("Signature not yet current")
            }
            Some(_) | None => false,
        }
    }

    /// The region to go to, when the refusal was for the wrong one. The answer to a HEAD has no code, the status and the
    /// header alone.
    fn other_region(&self) -> Option<&'a str> {
        let expected = || self.message?.split_once("expecting '")?.1.split_once('\'').map(|(region, _)| region);
        match (self.code, self.status) {
            (Some("AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect"), _) | (_, 301 | 307) => {
                self.region.or_else(expected)
            }
            (None | Some("BadRequest"), 400) => self.region,
            (Some(_) | None, _) => None,
        }
    }

    fn is_about_kms(&self) -> bool {
        self.code.is_some_and(|code| code.starts_with("KMS."))
            || self.code == Some("AccessDenied") && self.message.is_some_and(|message| message.contains("kms:"))
    }

    fn said(&self) -> String {
        let Self { status, code, message, region: _, request } = self;
        let mut said = format!("HTTP {status}");
        for part in [*code, *message].into_iter().flatten().filter(|part| !part.is_empty()) {
            said.push_str(", ");
            said.push_str(part);
        }
        if let Some(request) = request {
            said.push_str(", request ");
            said.push_str(request);
        }
        said
    }
}

impl Cause<'_> {
    fn advice(&self) -> String {
        match self {
            Self::Clock => "this machine's clock is wrong by minutes; set it, for example by NTP".to_owned(),
            Self::OtherRegion { bucket, region } => {
                format!("bucket {bucket} is in region {region}; set AWS_REGION={region}")
            }
            Self::Key(Some(key)) => {
                format!("KMS key {key} cannot be used; check that it is there, enabled and allowed")
            }
            Self::Key(None) => {
                "the bucket's own KMS key cannot be used; check that it is there, enabled and allowed".to_owned()
            }
            Self::NoBucket(bucket) => {
                format!("bucket {bucket} does not exist; make it, as `pik init` does for a store")
            }
            Self::NoTable(table) => {
                format!("table {table} does not exist in this region; run `pik init`, or set AWS_REGION")
            }
            Self::Credentials => "the credentials are unknown, wrong or expired; renew them".to_owned(),
            Self::NotPermitted => {
                "the credentials do not permit this call; give their role the policy in stores/aws/README.md".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: On<'_> = On::Bucket("events", Some("alias/raw"));
    const TABLE: On<'_> = On::Table("records");

    fn refusal<'a>(status: u16, code: &'a str, message: &'a str) -> Refusal<'a> {
        Refusal { status, code: Some(code), message: Some(message), region: None, request: None }
    }

    #[test]
    fn a_bucket_elsewhere_is_told_with_its_region() {
        let told = "bucket events is in region eu-west-1; set AWS_REGION=eu-west-1";
        let here = Some("eu-west-1");
        let redirect = Refusal { region: here, ..refusal(301, "PermanentRedirect", "use the endpoint") };
        let malformed =
            refusal(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'");
        let head = |status| Refusal { status, code: None, message: None, region: here, request: None };
        for refusal in [redirect, malformed, head(301), head(400)] {
            let words = refusal.in_words(BUCKET);
            assert!(words.starts_with(told), "{words}");
        }
        // S3 names the region in other answers too.
        assert_eq!(head(403).obstacle(BUCKET), Some(Obstacle::Denied));
    }

    #[test]
    fn the_key_the_bucket_and_the_table_are_told_by_name() {
        let disabled = refusal(400, "KMS.DisabledException", "it is disabled");
        assert!(disabled.in_words(BUCKET).starts_with("KMS key alias/raw cannot be used"));
        let denied = refusal(403, "AccessDenied", "not authorized to perform: kms:GenerateDataKey");
        assert!(denied.in_words(BUCKET).starts_with("KMS key alias/raw cannot be used"));
        assert!(denied.in_words(On::Bucket("events", None)).starts_with("the bucket's own KMS key"));
        let none = refusal(404, "NoSuchBucket", "no");
        assert!(none.in_words(BUCKET).starts_with("bucket events does not exist"));
        let none = refusal(400, "ResourceNotFoundException", "no");
        assert!(none.in_words(TABLE).starts_with("table records does not exist in this region"));
    }

    #[test]
    fn a_wrong_clock_is_told_and_a_wrong_secret_is_not_one() {
        for (on, refusal) in [
            (BUCKET, refusal(403, "RequestTimeTooSkewed", "too large")),
            (TABLE, refusal(400, "InvalidSignatureException", "Signature expired: 20250101T000000Z is now earlier")),
            (TABLE, refusal(400, "InvalidSignatureException", "Signature not yet current: 20250101T000000Z")),
        ] {
            assert!(refusal.in_words(on).starts_with("this machine's clock is wrong"), "{refusal:?}");
        }
        let secret = refusal(403, "SignatureDoesNotMatch", "check your key");
        assert_eq!(secret.obstacle(BUCKET), Some(Obstacle::Denied));
        assert_eq!(
            secret.in_words(BUCKET),
            "the credentials are unknown, wrong or expired; renew them (HTTP 403, SignatureDoesNotMatch, check your key)"
        );
    }

    #[test]
    fn what_an_operator_must_remove_is_told_apart() {
        let head = |status| Refusal { status, code: None, message: None, region: None, request: None };
        for (on, refusal, obstacle) in [
            (BUCKET, refusal(403, "AccessDenied", "Access Denied"), Some(Obstacle::Denied)),
            (
                BUCKET,
                refusal(403, "AccessDenied", "not authorized to perform: kms:Decrypt"),
                Some(Obstacle::UnusableKey),
            ),
            (BUCKET, refusal(403, "InvalidAccessKeyId", "no such key"), Some(Obstacle::Denied)),
            (BUCKET, refusal(400, "ExpiredToken", "expired"), Some(Obstacle::Denied)),
            (BUCKET, refusal(403, "RequestTimeTooSkewed", "too large"), Some(Obstacle::WrongClock)),
            (BUCKET, refusal(404, "NoSuchBucket", "no"), Some(Obstacle::Missing)),
            (BUCKET, head(403), Some(Obstacle::Denied)),
            (BUCKET, head(404), Some(Obstacle::Missing)),
            (BUCKET, Refusal { region: Some("eu-west-1"), ..head(301) }, Some(Obstacle::OtherRegion)),
            (BUCKET, refusal(400, "KMS.DisabledException", "disabled"), Some(Obstacle::UnusableKey)),
            (BUCKET, refusal(400, "InvalidArgument", "no"), None),
            (TABLE, refusal(400, "AccessDeniedException", "not authorized"), Some(Obstacle::Denied)),
            (TABLE, refusal(400, "UnrecognizedClientException", "invalid token"), Some(Obstacle::Denied)),
            (TABLE, refusal(400, "ResourceNotFoundException", "no"), Some(Obstacle::Missing)),
            (TABLE, refusal(400, "InvalidSignatureException", "Signature expired: now"), Some(Obstacle::WrongClock)),
            (TABLE, refusal(400, "ValidationException", "no"), None),
            (On::Queue("q"), refusal(403, "AccessDenied", "no"), Some(Obstacle::Denied)),
        ] {
            assert_eq!(refusal.obstacle(on), obstacle, "{refusal:?}");
        }
    }

    #[test]
    fn the_request_is_told_for_support() {
        let refusal = Refusal { request: Some("R1"), ..refusal(400, "InvalidArgument", "no") };
        assert_eq!(refusal.in_words(BUCKET), "HTTP 400, InvalidArgument, no, request R1");
    }
}
