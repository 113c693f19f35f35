import type { z } from 'zod';
import type { AnswerOf } from '../../../platform/http/answer.js';
import type { approvalPolicyOut, approvalPolicyRules } from './approval-policies.dto.js';

/** As somebody writes it: names or ids. */
export type ApprovalPolicyRules = Readonly<z.output<typeof approvalPolicyRules>>;
export type ApprovalPolicyView = AnswerOf<typeof approvalPolicyOut>;
