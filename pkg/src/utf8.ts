/** Text as UTF-8 and back. jsdom has neither `TextEncoder` nor `TextDecoder`, so both are looked up when they are needed. */

let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;

/** The bytes of a text; half a surrogate pair becomes U+FFFD. */
export function encoded(text: string): Uint8Array {
  if (typeof TextEncoder === "undefined") return encodedByHand(text);
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** How many bytes a text has. */
export function byteLength(text: string): number {
  return encoded(text).length;
}

/** The text of bytes that are UTF-8. */
export function decoded(bytes: Uint8Array): string {
  if (typeof TextDecoder === "undefined") return decodedByHand(bytes);
  decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

function encodedByHand(text: string): Uint8Array {
  const escaped = encodeURIComponent(text.replace(LONE_SURROGATES, "\ufffd"));
  const bytes = new Uint8Array(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at++) {
    if (escaped[at] === "%") {
      bytes[length++] = parseInt(escaped.slice(at + 1, at + 3), 16);
      at += 2;
    } else {
      bytes[length++] = escaped.charCodeAt(at);
    }
  }
  return bytes.slice(0, length);
}

const LONE_SURROGATES = /\p{Surrogate}/gu;

function decodedByHand(bytes: Uint8Array): string {
  let escaped = "";
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, "0")}`;
  return decodeURIComponent(escaped);
}
