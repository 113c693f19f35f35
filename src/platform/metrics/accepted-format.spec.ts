import { acceptedFormat } from './accepted-format.js';

const OPEN = 'application/openmetrics-text';
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('the format of a scrape', () => {
  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['anything', '*/*'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['plain text above OpenMetrics', `${OPEN};version=1.0.0;q=0.5,text/plain;q=0.9`],
    ['no OpenMetrics', `${OPEN};q=0, */*`],
    ['no OpenMetrics at all', `${OPEN};q=0.0`],
    ['a version of OpenMetrics that does not exist', `${OPEN};version=2.0.0,*/*;q=0.1`],
    ['a quality that is none', `${OPEN};q=high`],
    ['a quality above 1', `${OPEN};q=1.5`],
    ['a negative quality', `${OPEN};q=-1`],
    ['a name that only begins alike', `${OPEN}s, text/plain`],
    ['the name as a parameter', `text/plain;profile=${OPEN}`],
    ['something else', 'application/json'],
    ['nonsense', ';;,=,/,q=1,a/b/c'],
    ['any application, but rather any text', 'application/*;q=0.1, text/*;q=0.2'],
    ['both alike', `text/plain, ${OPEN}`],
  ])('is plain text for %s', (_name, accept) => {
    expect(acceptedFormat(accept)).toBe('text');
  });

  it.each([
    ['OpenMetrics', OPEN],
    ['its first version', `${OPEN}; version=0.0.1`],
    ['capital letters and quotes', 'Application/OpenMetrics-Text; Version="1.0.0"; Q=1'],
    ['Prometheus 2', PROMETHEUS],
    ['Prometheus 3', PROMETHEUS_3],
    ['OpenMetrics above plain text', `text/plain;q=0.3, ${OPEN};q=0.31`],
    ['OpenMetrics by name and the rest by a star', `${OPEN}, */*`],
    ['no plain text', 'text/plain;q=0, */*;q=0.5'],
    ['no text of any sort', 'text/*;q=0, */*'],
  ])('is OpenMetrics for %s', (_name, accept) => {
    expect(acceptedFormat(accept)).toBe('openmetrics');
  });
});
