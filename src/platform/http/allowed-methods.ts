/**
 * Which methods a path has, to tell 405 from 404. Only asked when no route matched, so a walk over
 * the templates is cheap enough.
 */
export class AllowedMethods {
  private readonly routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(template: string, methods: string | readonly string[]): void {
    // Wildcards stand for files, not for operations.
    if (template.includes('*')) return;
    const route = this.routes.get(template) ?? { pattern: patternOf(template), methods: new Set() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.routes.set(template, route);
  }

  of(url: string): string[] {
    const path = url.split('?')[0]!;
    const methods = new Set<string>();
    for (const route of this.routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].sort();
  }
}

function patternOf(template: string): RegExp {
  const source = template.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z0-9_]+/g, '[^/]+');
  return new RegExp(`^${source}$`);
}
