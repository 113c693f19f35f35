import { renderSVG } from 'uqr';

/** As a `data:` URL of an SVG image, for a page that loads nothing from elsewhere. */
export function qrCodeOf(content: string): string {
  const svg = renderSVG(content, { border: 4, pixelSize: 4 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}
