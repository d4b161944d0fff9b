/** The core, as WebAssembly: ids, validation and canonical form without asking the server. */

import { EventRejected, preview as previewOf, ready, type Preview, type Problem } from "pik-client/streaming";

/** What the core says of a text. */
export type Judgement = Preview | { readonly errors: readonly Problem[] };

/** The core, once it is loaded. */
export async function core(): Promise<{ preview: (text: string) => Judgement }> {
  await ready();
  return { preview: judged };
}

function judged(text: string): Judgement {
  try {
    return previewOf(text);
  } catch (error) {
    if (error instanceof EventRejected) return { errors: error.errors };
    throw error;
  }
}
