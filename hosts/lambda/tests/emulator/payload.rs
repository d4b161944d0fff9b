//! What each event source sends and expects, in the shapes of AWS's documentation.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A REST API: payload version 1.0.
    RestApi,
    /// An HTTP API on its default stage: payload version 2.0.
    HttpApi,
    /// An HTTP API on a stage that is part of the path.
    HttpApiStage,
    /// A function URL: payload version 2.0.
    FunctionUrl,
    /// A load balancer.
    Alb,
}

pub(crate) const SOURCES: [Source; 5] =
    [Source::RestApi, Source::HttpApi, Source::HttpApiStage, Source::FunctionUrl, Source::Alb];

/// A request.
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// As in `dry_run=true`, or empty.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Vec<u8>,
    /// Whether the source takes the body for binary.
    pub(crate) base64: bool,
}

/// An answer, without its source's shape.
pub(crate) struct Answered {
    pub(crate) status: u64,
    pub(crate) request_id: String,
    pub(crate) body: Value,
}

impl Source {
    pub(crate) fn payload(self, sent: &Sent<'_>) -> Value {
        let Sent { method, path, query, .. } = *sent;
        let headers: Value = sent.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let body = if sent.base64 {
            json!(STANDARD.encode(&sent.body))
        } else {
            json!(String::from_utf8(sent.body.clone()).expect("a text body is UTF-8"))
        };
        let body = if sent.body.is_empty() { Value::Null } else { body };
        let single: Value =
            query.split_once('=').into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let multi: Value =
            query.split_once('=').into_iter().map(|(name, value)| (name.to_owned(), json!([value]))).collect();
        let multi_headers: Value =
            sent.headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        let v2 = |stage: &str, raw_path: &str, domain: &str| {
            json!({
                "version": "2.0", "routeKey": "$default", "rawPath": raw_path, "rawQueryString": query,
                "headers": headers, "body": body, "isBase64Encoded": sent.base64,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "api-id", "domainName": domain, "domainPrefix": "id",
                    "http": { "method": method, "path": raw_path, "protocol": "HTTP/1.1",
                              "sourceIp": "192.0.2.1", "userAgent": "agent" },
                    "requestId": "id", "routeKey": "$default", "stage": stage,
                    "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_u64,
                },
            })
        };
        match self {
            Self::RestApi => json!({
                "version": "1.0", "resource": "/{proxy+}", "path": path, "httpMethod": method,
                "headers": headers, "multiValueHeaders": multi_headers,
                "queryStringParameters": single, "multiValueQueryStringParameters": multi,
                "pathParameters": { "proxy": path.trim_start_matches('/') }, "stageVariables": null,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "id", "domainName": "id.execute-api.us-east-1.amazonaws.com",
                    "httpMethod": method, "identity": { "sourceIp": "192.0.2.1", "userAgent": "agent" },
                    "path": format!("/prod{path}"), "protocol": "HTTP/1.1", "requestId": "id",
                    "requestTime": "04/Mar/2020:19:15:17 +0000", "requestTimeEpoch": 1_583_349_317_135_u64,
                    "resourceId": "123456", "resourcePath": "/{proxy+}", "stage": "prod",
                },
                "body": body, "isBase64Encoded": sent.base64,
            }),
            Self::HttpApi => v2("$default", path, "id.execute-api.us-east-1.amazonaws.com"),
            Self::HttpApiStage => v2("prod", &format!("/prod{path}"), "id.execute-api.us-east-1.amazonaws.com"),
            Self::FunctionUrl => v2("$default", path, "id.lambda-url.us-east-1.on.aws"),
            Self::Alb => json!({
                "requestContext": { "elb": {
                    "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/name/id" } },
                "httpMethod": method, "path": path, "queryStringParameters": single,
                "headers": headers, "body": body, "isBase64Encoded": sent.base64,
            }),
        }
    }

    /// Reads an answer in the shape that the source expects.
    pub(crate) fn read(self, answer: &Value) -> Result<Answered> {
        let status = answer["statusCode"].as_u64().with_context(|| format!("no statusCode in {answer}"))?;
        ensure!(answer["isBase64Encoded"] == json!(false), "JSON came as base64: {answer}");
        let text = answer["body"].as_str().with_context(|| format!("no body in {answer}"))?;
        let header = |name: &str| {
            let one = &answer["headers"][name];
            let many = &answer["multiValueHeaders"][name][0];
            one.as_str().or(many.as_str()).map(str::to_owned).with_context(|| format!("no {name} in {answer}"))
        };
        match self {
            Self::RestApi | Self::Alb => ensure!(answer["multiValueHeaders"].is_object(), "{answer}"),
            Self::HttpApi | Self::HttpApiStage | Self::FunctionUrl => {
                ensure!(answer["headers"].is_object(), "{answer}")
            }
        }
        let body = serde_json::from_str(text).with_context(|| text.to_owned())?;
        Ok(Answered { status, request_id: header("x-request-id")?, body })
    }
}
