import { errorEntry } from '../../../kernel/error-entry.js';

export const deliveryNotFound = errorEntry({
  code: 'delivery-not-found',
  kind: 'not-found',
  meaning:
    'The tenant has no delivery with this id, or it has been removed. `GET /deliveries` lists them.',
});

export const deliveryUnderWay = errorEntry({
  code: 'delivery-under-way',
  kind: 'conflict',
  meaning:
    'The delivery waits to be sent, so there is nothing to send again. It is tried again automatically; `POST /channels/{id}/enable` or a change of the channel has it tried at once.',
});
