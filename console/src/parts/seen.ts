/** Whether an element was on the screen, or close to it. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** True from when it first was. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (seen || element.current === null) return;
    const watch = new IntersectionObserver((found) => found.some(({ isIntersecting }) => isIntersecting) && setSeen(true), { rootMargin: "200px" });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [seen]);
  return seen;
}
