import type { BrowserContext, Page, WebSocket } from 'playwright-core';

/** What a page did that it should not have, or that a test counts. */
export class Watch {
  /** Every WebSocket that the page has opened, closed ones too. */
  readonly sockets: WebSocket[] = [];
  /** Violations of the policy, scripts' faults, dialogs. */
  readonly faults: string[];

  private constructor(faults: string[]) {
    this.faults = faults;
  }

  static async of(context: BrowserContext, page: Page): Promise<Watch> {
    const watch = new Watch([]);
    const fault = (what: string): void => {
      watch.faults.push(what);
    };
    await context.exposeBinding('earshotFault', (_source, what: string) => {
      fault(what);
    });
    // Runs before any script of the page, and outside its policy.
    await context.addInitScript(() => {
      const tell = (globalThis as unknown as { earshotFault: (what: string) => void }).earshotFault;
      addEventListener('securitypolicyviolation', (event) => {
        tell(
          `policy: ${event.violatedDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`,
        );
      });
      addEventListener('unhandledrejection', (event) => {
        tell(`unhandled: ${String(event.reason)}`);
      });
    });
    watch.#listen(page);
    return watch;
  }

  /** A watch of its own for another tab of the same profile; what it finds amiss is found here. */
  also(page: Page): Watch {
    const other = new Watch(this.faults);
    other.#listen(page);
    return other;
  }

  /** The WebSockets that are open now. */
  get open(): WebSocket[] {
    return this.sockets.filter((socket) => !socket.isClosed());
  }

  #listen(page: Page): void {
    page.on('websocket', (socket) => this.sockets.push(socket));
    page.on('pageerror', (error) => {
      this.faults.push(`error: ${error.message}`);
    });
    page.on('console', (message) => {
      if (/content.security.policy|refused to|violat/i.test(message.text()))
        this.faults.push(`console: ${message.text()}`);
    });
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }
}
