//! What stands around every page: its stylesheet, and the response headers that it needs.
//!
//! Owns the promise that a page loads nothing, runs nothing but the script that stands in it, and sends its forms nowhere else. Must never know what
//! a page is about.

use std::sync::LazyLock;
use threadmark_protocol::digest::Digest;

/// The stylesheet. It stands inside each page, so that a saved or cached page is whole without a network.
pub const SHEET: &str = include_str!("../../templates/style.css");

/// The one script: it fills in where a device is, when somebody presses the button for it. Every page is whole without it.
pub const SCRIPT: &str = include_str!("../../templates/place.js");

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| base64(&Digest::sha256(&[text.as_bytes()]).0);
    let (sheet, script) = (hash(SHEET), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src 'sha256-{sheet}'; script-src 'sha256-{script}'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
});

/// Headers to send with every page, names in lower case.
pub fn response_headers() -> [(&'static str, &'static str); 4] {
    [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", &POLICY),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ]
}

/// Base64 (RFC 4648 section 4), as a content security policy names a hash.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let symbol = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(symbol)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn the_sheet_cannot_end_its_element_and_asks_no_other_host() {
        assert!(!SHEET.contains('<') && !SHEET.contains("url(") && !SHEET.contains("@import"));
    }
}
