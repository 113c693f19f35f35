import fc from 'fast-check';
import {
  DEPLOYMENT,
  type Happening,
  happenings,
  idOf,
  nodes,
  passkeyEvidence,
  Story,
  SUBJECT,
} from '../../../test/support/receipt-story.js';
import { canonicalJson } from '../canonical-json.js';
import { digestOf } from '../digest.js';
import type { PasskeyEvidence } from '../signed-decisions/passkey-evidence.js';
import { type Receipt, receiptText } from './receipt.js';
import { verifyReceipt } from './verify-receipt.js';

const story = new Story();
const evidence = passkeyEvidence();
const told = happenings(evidence);
let receipt: Receipt;
beforeAll(async () => {
  receipt = await story.receipt(told, evidence);
});

const verify = (of: Receipt, trusted = story.trusted) => verifyReceipt(receiptText(of), trusted);
const codesOf = (of: Receipt, trusted = story.trusted) => [
  ...new Set(verify(of, trusted).faults.map(({ code }) => code)),
];

interface Named {
  asked: { by: { name: unknown } };
  approvals: {
    decisions: { by: { name: unknown }; as: unknown }[];
    passkeys: { of: { name: unknown } }[];
  };
  end: { by: unknown };
}

describe('a receipt', () => {
  it('is verified with a key that is trusted, however it is laid out', () => {
    expect(verify(receipt)).toMatchObject({ is: 'verified', faults: [], notices: [] });
    const packed = JSON.stringify(JSON.parse(receiptText(receipt)));
    expect(verifyReceipt(packed, story.trusted).is).toBe('verified');
  });

  it('is never verified without one: a key in a file proves nothing', () => {
    expect(verifyReceipt(receiptText(receipt), null)).toMatchObject({
      is: 'unverified',
      faults: [],
    });
    expect(codesOf(receipt, new Story().trusted)).toEqual(['signature', 'checkpoint']);
    const [own] = story.trusted;
    const foreign = { ...own!, name: `tidegate/audit/${idOf(9)}` };
    expect(codesOf(receipt, [foreign])).toEqual(['untrusted-log']);
  });

  it('states what its entries say', () => {
    expect(receipt.summary).toMatchObject({
      asked: { by: { name: 'lea' }, cameBy: 'deploy', deploymentId: DEPLOYMENT },
      deployed: { module: 'orders', version: '1.4.0', configuration: { number: 3 } },
      approvals: {
        decisions: [
          { by: { name: 'ada' }, decision: 'approve', subjectDigest: SUBJECT },
          { by: { name: 'grace' }, decision: 'approve' },
        ],
      },
      verdicts: [{ verdict: 'stable', measures: [{ measure: 'errors', allowed: '0.011' }] }],
      end: { status: 'Succeeded' },
    });
  });

  it('of which a name was erased is verified, and says no name', async () => {
    const entries = receipt.log.entries.map((entry) => ({ ...entry, personal: {} }));
    const erased = structuredClone({ ...receipt, log: { ...receipt.log, entries } });
    const { asked, approvals, end } = erased.summary as unknown as Named;
    asked.by.name = null;
    for (const each of approvals.decisions) [each.by.name, each.as] = [null, null];
    for (const each of approvals.passkeys) each.of.name = null;
    end.by = null;
    expect(verify(story.sign(erased))).toMatchObject({ is: 'verified', faults: [] });
  });

  it('says which pipeline asked, by what it had shown, and no other', async () => {
    const [tokenId, otherId] = [idOf(90), idOf(91)];
    const issued = (id: string) => ({
      action: 'workload-token-issued',
      deploymentId: null,
      body: { rule: 'release', tokenId: id, claims: { repository_id: '718293104' } },
    });
    const asked = told.map((each) =>
      each.action === 'deployment-created'
        ? { ...each, body: { ...each.body, workloadTokenId: tokenId } }
        : each,
    );
    const good = await story.receipt([issued(tokenId), ...asked], evidence);
    expect(verify(good)).toMatchObject({ is: 'verified', faults: [] });
    const claims = { repository_id: '718293104' };
    expect(good.summary['asked']).toMatchObject({ workload: { rule: 'release', claims } });
    const foreign = await story.receipt([issued(otherId), ...asked], evidence);
    expect(codesOf(foreign)).toEqual(['unexpected-entry']);
  });

  it('says who broke the glass, when that was instead of the decisions', async () => {
    const used = { requestNumber: 1, subjectDigest: SUBJECT, reason: 'customers cannot pay' };
    const glass = { action: 'break-glass-used', by: { id: idOf(5), name: 'lea' }, body: used };
    const others = told.filter(({ action }) => !/factor|approval-given/.test(action));
    const end = others.at(-1)!;
    const entries = {
      ...(end.body!['entries'] as object),
      'approval-given': 0,
      'break-glass-used': 1,
    };
    const all = [...others.slice(0, -1), glass, { ...end, body: { ...end.body, entries } }].map(
      (each) =>
        each.action === 'approval-granted'
          ? { ...each, body: { ...each.body, isOverridden: true } }
          : each,
    );
    const { attachments, ...rest } = await story.receipt(all, evidence);
    const broken = story.sign({ ...rest, attachments: { ...attachments, evidence: {} } });
    expect(verify(broken)).toMatchObject({ is: 'verified', faults: [] });
    expect(broken.summary['breakGlass']).toMatchObject([{ by: { name: 'lea' } }]);
  });

  it.each(['', 'null', '[]', '{"format":"tidegate-receipt/2"}', '{"format":"tidegate-receipt/1"}'])(
    'is not %j',
    (text) => {
      const { is, receipt, faults } = verifyReceipt(text, story.trusted);
      expect([is, receipt, faults.map(({ code }) => code)]).toEqual(['refused', null, ['format']]);
    },
  );
});

describe('of a receipt nothing can be changed', () => {
  type Path = readonly string[];
  const leavesOf = (value: unknown, path: Path = []): Path[] =>
    typeof value === 'object' && value !== null && Object.keys(value).length > 0
      ? Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
      : [path];
  const changed = (
    value: unknown,
    [name, ...rest]: Path,
    change: (was: unknown) => unknown,
  ): unknown =>
    name === undefined
      ? change(value)
      : Object.assign(Array.isArray(value) ? [...value] : { ...(value as object) }, {
          [name]: changed((value as Record<string, unknown>)[name], rest, change),
        });

  const another = (was: unknown, by: number): unknown => {
    if (typeof was === 'number') return was + 1 + by;
    if (typeof was === 'boolean') return !was;
    if (typeof was !== 'string') return 'something';
    if (was === '') return 'x';
    const at = by % was.length;
    const letter = was[at] === 'A' ? 'B' : 'A';
    return was.slice(0, at) + letter + was.slice(at + 1);
  };

  it('at any place, in any letter, without its being refused', () => {
    const paths = leavesOf(receipt);
    expect(paths.length).toBeGreaterThan(200);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(500), (path, by) => {
        const other = changed(receipt, path, (was) => another(was, by));
        expect(canonicalJson(other)).not.toBe(canonicalJson(receipt));
        expect(verifyReceipt(JSON.stringify(other), story.trusted).is).toBe('refused');
      }),
      { numRuns: 150 },
    );
  });

  it('but when it was issued, not even by whoever has the key of the log', () => {
    const paths = leavesOf(receipt).filter(
      ([first]) => first !== 'issuedAt' && first !== 'signature',
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(500), (path, by) => {
        const other = changed(receipt, path, (was) => another(was, by)) as Receipt;
        expect(verifyReceipt(JSON.stringify(story.sign(other)), story.trusted).is).toBe('refused');
      }),
      { numRuns: 150 },
    );
  });

  it('nor can anything be taken out of it or put into it', () => {
    const paths = leavesOf(receipt).flatMap((path) => path.map((_, at) => path.slice(0, at + 1)));
    fc.assert(
      fc.property(fc.constantFrom(...paths), (path) => {
        const without = changed(receipt, path.slice(0, -1), (was) => {
          if (Array.isArray(was)) return was.filter((_, at) => String(at) !== path.at(-1));
          const { [path.at(-1)!]: _, ...rest } = was as Record<string, unknown>;
          return rest;
        });
        expect(verifyReceipt(JSON.stringify(without), story.trusted).is).toBe('refused');
        const more = changed(receipt, path.slice(0, -1), (was) =>
          Array.isArray(was) ? [...was, 'more'] : { ...(was as object), more: 'more' },
        );
        expect(verifyReceipt(JSON.stringify(more), story.trusted).is).toBe('refused');
      }),
      { numRuns: 75 },
    );
  });
});

/** Signed by the log's key each time, and each entry stands in the log: only its content gives it away. */
describe('a receipt that its own log has signed is refused', () => {
  const change = (action: string, body: object, more: Partial<Happening> = {}): Happening[] =>
    told.map((each) =>
      each.action === action ? { ...each, ...more, body: { ...each.body, ...body } } : each,
    );
  const issued = (of: readonly Happening[], proof: PasskeyEvidence = evidence) =>
    story.receipt(of, proof);
  const resigned = (other: Partial<Receipt>) => story.sign({ ...receipt, ...other });
  const summary = (name: string, value: object) =>
    resigned({
      summary: {
        ...receipt.summary,
        [name]: { ...(receipt.summary[name] as object), ...value },
      },
    });

  it.each(['asked', 'deployed', 'approvals', 'end'])('when it states otherwise of %s', (name) => {
    const other = summary(name, { at: 'x', version: '9.9.9', decisions: [], status: 'Failed' });
    expect(codesOf(other)).toEqual(['summary']);
    expect(verify(other).faults[0]!.text).toMatch(`/${name}/`);
  });

  it('when an approver is another person', async () => {
    const by = { id: idOf(77), name: 'mallory' };
    const other = told.map((each) => (each.by?.name === 'grace' ? { ...each, by } : each));
    expect(codesOf(await issued(other))).toEqual(['quorum']);
  });

  it('when a decision is kept back', async () => {
    const some = await story.receipt(told, evidence, ({ by, action }) => {
      return !(action === 'approval-given' && by?.name === 'grace');
    });
    expect(codesOf(some)).toEqual(['missing-entry', 'quorum']);
    expect(verify(some).faults[0]!.text).toBe(
      'of "approval-given" the log has 2, and the receipt 1',
    );
  });

  it('when a no is kept back', async () => {
    const said = { decisionId: idOf(43), requestNumber: 1, subjectDigest: SUBJECT, gateId: null };
    const no = { action: 'approval-rejected', body: { ...said, by: 'eve', reason: 'no' } };
    const end = told.at(-1)!;
    const entries = { ...(end.body!['entries'] as object), 'approval-rejected': 1 };
    const more = [...told.slice(0, -1), no, { ...end, body: { ...end.body, entries } }];
    const some = await story.receipt(more, evidence, ({ action }) => action !== no.action);
    expect(codesOf(some)).toEqual(['missing-entry']);
  });

  it('when an entry is of another deployment, or of another tenant', async () => {
    const other = change('deployment-gate-judged', {}, { deploymentId: idOf(78) });
    expect(codesOf(await issued(other))).toEqual(['foreign-deployment']);
    const foreign = change('deployment-gate-judged', {}, { tenantId: idOf(79) });
    expect(codesOf(await issued(foreign))).toEqual(['foreign-tenant']);
  });

  it('when an entry is about anything else', async () => {
    const other = [...told, { action: 'logged-in', by: { id: idOf(3), name: 'ada' } }];
    expect(codesOf(await issued(other))).toEqual(['unexpected-entry']);
  });

  it('when its proofs are of another log', async () => {
    const other = await story.receipt([...told].reverse(), evidence);
    const { checkpoint } = other.log;
    expect(codesOf(resigned({ log: { ...receipt.log, checkpoint } }))).toEqual(['inclusion']);
  });

  it('when a name is another one', () => {
    const [first, ...rest] = receipt.log.entries;
    const personal = {
      '/actor/name': { value: 'eve', salt: first!.personal['/actor/name']!.salt },
    };
    const entries = [{ ...first!, personal }, ...rest];
    const codes = codesOf(resigned({ log: { ...receipt.log, entries } }));
    expect(codes).toEqual(['personal', 'summary']);
  });

  it.each([
    ['another subject', { subjectDigest: digestOf('subject', 'other').digest }],
    ['another deployment', { deploymentId: idOf(80) }],
    ['another tenant', { tenantId: idOf(81) }],
    ['another request', { requestNumber: 2 }],
    ['a no', { decision: 'reject' as const }],
    ['somebody else', { personId: idOf(82) }],
  ])('when its passkey has signed %s', async (_what, other) => {
    const proof = passkeyEvidence(other);
    expect(codesOf(await issued(happenings(proof), proof))).toEqual(['passkey']);
  });

  it('when its passkey was registered as another key, or its signature does not hold', async () => {
    const { publicKeyDigest } = told[0]!.body!;
    const forged = passkeyEvidence();
    const other = happenings(forged);
    const body = { ...other[0]!.body, publicKeyDigest };
    const registered = [{ ...other[0]!, body }, ...other.slice(1)];
    expect(codesOf(await issued(registered, forged))).toEqual(['passkey']);
    const broken = { ...evidence, signature: forged.signature };
    expect(codesOf(await issued(happenings(broken), broken))).toEqual(['passkey']);
  });

  it('when what proves a decision, or where it went, is missing', async () => {
    const { attachments } = receipt;
    expect(codesOf(resigned({ attachments: { ...attachments, evidence: {} } }))).toEqual([
      'attachment',
    ]);
    expect(codesOf(resigned({ attachments: { ...attachments, nodes: {} } }))).toEqual([
      'attachment',
    ]);
    const digest = digestOf('nodes', nodes).digest;
    const left = resigned({ attachments: { ...attachments, nodes: {} }, leftOut: [digest] });
    expect(verify(left)).toMatchObject({ is: 'verified', notices: [expect.any(String)] });
  });

  it('when nodes are others than were moved', () => {
    const [one, ...rest] = nodes;
    const list = [{ ...one!, generation: 99 }, ...rest];
    const named = { [digestOf('nodes', nodes).digest]: list };
    expect(codesOf(resigned({ attachments: { ...receipt.attachments, nodes: named } }))).toEqual([
      'attachment',
    ]);
  });

  it('when it was moved without a grant, or granted without enough', async () => {
    const lessThan = (quorum: number) =>
      (told[5]!.body!['counted'] as object[]).map((rule) => ({ ...rule, quorum }));
    const other = change('approval-granted', { counted: lessThan(3) });
    expect(codesOf(await issued(other))).toEqual(['quorum']);
    const without = told
      .filter(({ action }) => action !== 'approval-granted')
      .map((each) => {
        const entries = each.body?.['entries'] as Record<string, number> | undefined;
        if (!entries) return each;
        return { ...each, body: { ...each.body, entries: { ...entries, 'approval-granted': 0 } } };
      });
    expect(codesOf(await issued(without))).toEqual(['quorum']);
    const nobody = change('approval-granted', { isOverridden: true });
    expect(codesOf(await issued(nobody))).toEqual(['quorum']);
  });

  it('and says when a passkey’s registration is not in the log', async () => {
    const some = await story.receipt(told, evidence, ({ action }) => action !== 'factor-enrolled');
    expect(verify(some)).toMatchObject({
      is: 'verified',
      notices: [expect.stringContaining('no registration')],
    });
  });
});
