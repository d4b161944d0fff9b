//! From a request to a file.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;

use crate::file::File;

/// Where the page is.
const ROOT: &str = "/console/";

/// What the page may do: run its own scripts and the core's WebAssembly, use its own style, ask the host it came from. Nothing
/// else may be loaded, nothing may frame it, and no text of an event becomes anything but text.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What every answer carries.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    // The names stay when a new version is served.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

/// The answer to a request for the console; `None` where the path is another's, or `/` is asked for by something that is no
/// browser.
pub fn answer(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path();
    let is_reading = method == Method::GET || method == Method::HEAD;
    if path == "/" && is_reading && wants_a_page(headers) || path == ROOT.trim_end_matches('/') {
        return Some(with_headers(redirect()));
    }
    let name = path.strip_prefix(ROOT)?;
    let mut response = match File::find(name) {
        _ if !is_reading => not_allowed(),
        Some(file) if has_it_already(headers, file) => unchanged(file),
        Some(file) => whole(file),
        None => missing(),
    };
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    Some(with_headers(response))
}

/// Browsers ask for pages by name; curl and clients ask for anything.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}

/// Relative, so that it is right behind a proxy that serves this under a path of its own.
fn redirect() -> Response {
    let mut response = plain(StatusCode::FOUND, "the console is at /console/\n");
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("console/"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

fn whole(file: &'static File) -> Response {
    let mut response = Response::new(Body::from(file.content));
    response.headers_mut().insert(header::CONTENT_TYPE, file.content_type.clone());
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.content.len()));
    response.headers_mut().insert(header::ETAG, file.entity_tag.clone());
    response
}

fn unchanged(file: &'static File) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, file.entity_tag.clone());
    response
}

fn missing() -> Response {
    plain(StatusCode::NOT_FOUND, "the console has no such file; it begins at /console/\n")
}

fn not_allowed() -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "the console is only read\n");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn with_headers(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}

fn has_it_already(headers: &HeaderMap, file: &File) -> bool {
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = listed.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == file.entity_tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Option<Response> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        answer(&method, &path.parse().unwrap(), &headers)
    }

    #[test]
    fn the_page_and_its_files_are_served_with_a_strict_policy() {
        for path in ["/console/", "/console/console.js", "/console/worker.js", "/console/index.css", "/console/nothing"]
        {
            let response = ask(Method::GET, path, &[]).unwrap();
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe-inline"),
                "{path}: {policy}"
            );
            assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(response.status() == StatusCode::OK, path != "/console/nothing", "{path}");
        }
        let wasm = ask(Method::GET, "/console/pik_wasm_bg.wasm", &[]).unwrap();
        assert_eq!(wasm.headers()["content-type"], "application/wasm");
    }

    #[test]
    fn browsers_are_led_to_it_and_other_clients_are_not() {
        let browser = [(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")];
        let led = ask(Method::GET, "/", &browser).unwrap();
        assert_eq!(
            (led.status(), &led.headers()["location"]),
            (StatusCode::FOUND, &HeaderValue::from_static("console/"))
        );
        assert_eq!(ask(Method::GET, "/console", &[]).unwrap().status(), StatusCode::FOUND);
        assert!(ask(Method::GET, "/", &[(header::ACCEPT, "*/*")]).is_none());
        assert!(ask(Method::POST, "/", &browser).is_none());
        assert!(ask(Method::GET, "/consoles/", &browser).is_none());
        assert!(ask(Method::GET, "/events", &browser).is_none());
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let first = ask(Method::GET, "/console/", &[]).unwrap();
        let tag = first.headers()["etag"].to_str().unwrap();
        let again = |tag: &str| ask(Method::GET, "/console/", &[(header::IF_NONE_MATCH, tag)]).unwrap().status();
        assert_eq!(again(tag), StatusCode::NOT_MODIFIED);
        assert_eq!(again(&format!("\"a\", W/{tag}")), StatusCode::NOT_MODIFIED);
        assert_eq!(again("\"a\""), StatusCode::OK);
        assert_eq!(ask(Method::POST, "/console/", &[]).unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
