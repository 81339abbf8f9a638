/**
 * Makes text safe to show on a terminal: keys and headers are written by strangers, and control characters
 * in them could rewrite what is on the screen. Files are exact; only a terminal gets this.
 */

/** C0 and C1 controls, DEL, format characters (bidi marks and overrides, zero width), line and paragraph separators. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** Each such character as `\uXXXX`, a surrogate pair as two of them, which in JSON is the same string. */
export function escapeForTerminal(text: string): string {
  return text.replace(STEERING, escaped);
}
