import { expect } from 'vitest';

import type { Person } from './person.ts';

/** What would run, or become an element, in a page that took texts for HTML. */
export const attacks = [
  '<script>alert(1)</script>',
  '<img src=x onerror="alert(1)">',
  '<svg/onload=alert(1)>',
  '"><iframe srcdoc="<script>alert(1)</script>"></iframe>',
  "javascript:alert(1)//'); alert(1); ('",
  '{{constructor.constructor("alert(1)")()}}${alert(1)}{@html "<b>x</b>"}',
  '</textarea></style></script><style>*{display:none}</style>',
  '<a href="javascript:alert(1)">click</a> [x](javascript:alert(1)) https://x/"onmouseover="alert(1)',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
];

/** One that fits into the shortest fields, and is known by its element. */
export const attack = '"><img src=x onerror=alert(1)><x-evil>';

/** Nothing of an attack has become an element, a handler or a link that runs something. */
export async function isHarmless(person: Person): Promise<void> {
  const strange = await person.page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter(
        (element) =>
          ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'X-EVIL'].includes(element.tagName) ||
          (element.tagName === 'SCRIPT' && !element.hasAttribute('src')) ||
          [...element.attributes].some(
            ({ name, value }) =>
              /^on|^srcdoc$/i.test(name) ||
              (/^(href|src|action|formaction|data|xlink:href)$/i.test(name) &&
                /^\s*(?:javascript|vbscript|data:text)/i.test(value)),
          ),
      )
      .map((element) => element.outerHTML),
  );
  expect(strange).toEqual([]);
  expect(person.watch.faults).toEqual([]);
}
