import { Body, Controller, Headers, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Route } from '../../../platform/http/route.js';
import { KeepsBytes } from '../../../platform/http/route-facts.js';
import {
  gateCallAnswered,
  gateCallbackRefused,
  gateCallNotFound,
  gateCallOver,
} from './external-gate.errors.js';
import * as dto from './external-gates.dto.js';
import { gateAnswerExample } from './external-gates.examples.js';
import { GateCallbacks } from './gate-callbacks.service.js';

const HEADER_CHARACTERS = 1_000;

@ApiTags('external-gates')
@Controller('approvals/external')
export class GateCallbackController {
  constructor(private readonly callbacks: GateCallbacks) {}

  @Route('POST :gate/callback', {
    access: 'public',
    summary: 'Answer as an external gate',
    description:
      'Signed with the gate’s secret as the question was (Standard Webhooks): `webhook-id`, `webhook-timestamp`, `webhook-signature`. It counts once, for that deployment and subject, until the deadline.',
    errors: [gateCallbackRefused, gateCallNotFound, gateCallAnswered, gateCallOver],
    answer: dto.gateAnswerOut,
    status: 200,
    example: {
      request: gateAnswerExample,
      response: {
        deploymentId: gateAnswerExample.deploymentId,
        decision: gateAnswerExample.decision,
      },
    },
  })
  @KeepsBytes()
  answer(
    @Param({ schema: dto.gateParams }) { gate }: dto.GateParams,
    @Body({ schema: dto.gateAnswerBody }) answer: dto.GateAnswerBody,
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Req() request: FastifyRequest,
  ) {
    const header = (name: string) => (headers[name] ?? '').slice(0, HEADER_CHARACTERS);
    const message = {
      id: header('webhook-id'),
      timestamp: header('webhook-timestamp'),
      body: request.bodyBytes ?? Buffer.alloc(0),
    };
    const signatures = header('webhook-signature');
    return this.callbacks.take({ gateId: gate, message, signatures, answer });
  }
}
