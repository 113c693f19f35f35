// The API as any client sees it. Everything the demo does goes through here: it has no other way in.
const patienceMs = 30_000;
const triesOfReads = 5;

export class ApiError extends Error {
  constructor(what, status, body) {
    super(`${what} answered ${status}: ${body?.message ?? JSON.stringify(body)}`);
    this.status = status;
    this.code = body?.code;
  }
}

export class Api {
  #url;
  #token;

  constructor(url, token) {
    this.#url = url;
    this.#token = token;
  }

  static async login(url, { username, password }) {
    const anonymous = new Api(url);
    const { body } = await anonymous.send('POST', '/authentication/login', { username, password });
    return new Api(url, body.accessToken);
  }

  async get(path) {
    return (await this.read(path)).body;
  }

  /** With headers. Repeated when the connection fails: a read does no harm twice. */
  async read(path) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.send('GET', path);
      } catch (error) {
        if (error instanceof ApiError || attempt === triesOfReads) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
  }

  async post(path, body) {
    return (await this.send('POST', path, body)).body;
  }

  async send(method, path, body, headers = {}) {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: isForm || body === undefined ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    }).catch((error) => {
      const why = error.cause?.message ?? error.message;
      throw new Error(`${method} ${path} was not answered: ${why}`, { cause: error });
    });
    const text = await response.text();
    const answer = /^[[{]/.test(text) ? JSON.parse(text) : text;
    if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, answer);
    return { body: answer, headers: response.headers };
  }
}
