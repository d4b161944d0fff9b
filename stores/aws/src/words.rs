//! What a service refused, in words that say what to do.

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

/// What was refused and what to do about it, then what the service said.
pub(crate) fn in_words(on: On<'_>, refusal: &Refusal<'_>) -> String {
    match advice(on, refusal) {
        Some(advice) => format!("{advice} ({})", said(refusal)),
        None => said(refusal),
    }
}

fn advice(on: On<'_>, refusal: &Refusal<'_>) -> Option<String> {
    if is_clock_skew(refusal) {
        return Some("this machine's clock is wrong by minutes; set it, for example by NTP".to_owned());
    }
    match on {
        On::Bucket(bucket, key) => {
            if let Some(region) = other_region(refusal) {
                return Some(format!("bucket {bucket} is in region {region}; set AWS_REGION={region}"));
            }
            if is_about_kms(refusal) {
                return Some(match key {
                    Some(key) => format!("KMS key {key} cannot be used; check that it is there, enabled and allowed"),
                    None => {
                        "the bucket's own KMS key cannot be used; check that it is there, enabled and allowed".into()
                    }
                });
            }
            (refusal.code == Some("NoSuchBucket")).then(|| format!("bucket {bucket} does not exist; run `pik init`"))
        }
        On::Table(table) => (refusal.code == Some("ResourceNotFoundException"))
            .then(|| format!("table {table} does not exist in this region; run `pik init`, or set AWS_REGION")),
        On::Queue(_) => None,
    }
}

fn is_clock_skew(refusal: &Refusal<'_>) -> bool {
    match refusal.code {
        Some("RequestTimeTooSkewed" | "RequestInTheFuture" | "RequestExpired") => true,
        Some("InvalidSignatureException" | "SignatureDoesNotMatch") => {
            let says = |part| refusal.message.is_some_and(|message| message.contains(part));
            says("Signature expired") || says("Signature not yet current")
        }
        Some(_) | None => false,
    }
}

/// The region to go to, when the refusal was for the wrong one. The answer to a HEAD has no code, the status and the
/// header alone.
fn other_region<'a>(refusal: &Refusal<'a>) -> Option<&'a str> {
    let expected = || refusal.message?.split_once("expecting '")?.1.split_once('\'').map(|(region, _)| region);
    match (refusal.code, refusal.status) {
        (Some("AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect"), _) | (_, 301 | 307) => {
            refusal.region.or_else(expected)
        }
        (None | Some("BadRequest"), 400) => refusal.region,
        (Some(_) | None, _) => None,
    }
}

fn is_about_kms(refusal: &Refusal<'_>) -> bool {
    refusal.code.is_some_and(|code| code.starts_with("KMS."))
        || refusal.code == Some("AccessDenied") && refusal.message.is_some_and(|message| message.contains("kms:"))
}

fn said(refusal: &Refusal<'_>) -> String {
    let Refusal { status, code, message, region: _, request } = refusal;
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
            let words = in_words(BUCKET, &refusal);
            assert!(words.starts_with(told), "{words}");
        }
        // S3 names the region in other answers too.
        assert_eq!(in_words(BUCKET, &head(403)), "HTTP 403");
    }

    #[test]
    fn the_key_the_bucket_and_the_table_are_told_by_name() {
        let disabled = refusal(400, "KMS.DisabledException", "it is disabled");
        assert!(in_words(BUCKET, &disabled).starts_with("KMS key alias/raw cannot be used"));
        let denied = refusal(403, "AccessDenied", "not authorized to perform: kms:GenerateDataKey");
        assert!(in_words(BUCKET, &denied).starts_with("KMS key alias/raw cannot be used"));
        assert!(in_words(On::Bucket("events", None), &denied).starts_with("the bucket's own KMS key"));
        let none = refusal(404, "NoSuchBucket", "no");
        assert!(in_words(BUCKET, &none).starts_with("bucket events does not exist"));
        let none = refusal(400, "ResourceNotFoundException", "no");
        assert!(in_words(TABLE, &none).starts_with("table records does not exist in this region"));
    }

    #[test]
    fn a_wrong_clock_is_told_and_a_wrong_secret_is_not_one() {
        for (on, refusal) in [
            (BUCKET, refusal(403, "RequestTimeTooSkewed", "too large")),
            (TABLE, refusal(400, "InvalidSignatureException", "Signature expired: 20250101T000000Z is now earlier")),
            (TABLE, refusal(400, "InvalidSignatureException", "Signature not yet current: 20250101T000000Z")),
        ] {
            assert!(in_words(on, &refusal).starts_with("this machine's clock is wrong"), "{refusal:?}");
        }
        let secret = refusal(403, "SignatureDoesNotMatch", "check your key");
        assert_eq!(in_words(BUCKET, &secret), "HTTP 403, SignatureDoesNotMatch, check your key");
    }

    #[test]
    fn the_request_is_told_for_support() {
        let refusal = Refusal { request: Some("R1"), ..refusal(403, "AccessDenied", "Access Denied") };
        assert_eq!(in_words(BUCKET, &refusal), "HTTP 403, AccessDenied, Access Denied, request R1");
    }
}
