interface Route {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/**
 * Which methods a path has, to tell 405 from 404. The walk over the templates is only made when no route
 * matched.
 */
export class AllowedMethods {
  /** Those with parameters. */
  private readonly templates = new Map<string, Route>();
  /** Those without, which are themselves whatever a template says: `/freezes/calendar` is no freeze. */
  private readonly paths = new Map<string, Set<string>>();

  add(template: string, methods: string | readonly string[]): void {
    // Wildcards stand for files, not for operations.
    if (template.includes('*')) return;
    const known = template.includes(':')
      ? this.templateOf(template).methods
      : (this.paths.get(template) ?? new Set());
    if (!template.includes(':')) this.paths.set(template, known);
    for (const method of [methods].flat()) known.add(method);
  }

  of(url: string): string[] {
    const path = pathOf(url);
    const own = this.paths.get(path);
    if (own) return [...own].sort();
    const methods = new Set<string>();
    for (const route of this.templates.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].sort();
  }

  /** A path of its own that was taken for the parameter of another, as it has not this method. */
  isMismatch({ method, url, routeOptions }: Asked): boolean {
    if (!routeOptions.url?.includes(':')) return false;
    const own = this.paths.get(pathOf(url));
    return own !== undefined && !own.has(method);
  }

  private templateOf(template: string): Route {
    const known = this.templates.get(template);
    if (known) return known;
    const route = { pattern: patternOf(template), methods: new Set<string>() };
    this.templates.set(template, route);
    return route;
  }
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

const pathOf = (url: string) => url.split('?')[0]!;

function patternOf(template: string): RegExp {
  const source = template.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z0-9_]+/g, '[^/]+');
  return new RegExp(`^${source}$`);
}
