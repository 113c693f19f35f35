-- The keys that sign access tokens, one row a version. Private halves are sealed under a key that is not
-- in the database, and forgotten when nothing verifies with them any more. Of the whole installation.
create table token_signing_keys (
  id uuid primary key,
  -- The RFC 7638 thumbprint of the public half.
  kid text not null unique check (kid ~ '^[A-Za-z0-9_-]{43}$'),
  origin text not null check (origin in ('file', 'schedule', 'command')),
  sealed_private_key text,
  created_at timestamptz not null,
  -- Published and verified with from its first moment; signs from here on, until a newer one does.
  signs_from timestamptz not null,
  -- When the last token that it can have signed is over; null: nothing has followed it yet.
  verifies_until timestamptz,
  revoked_at timestamptz
);

grant select, insert, update, delete on token_signing_keys to tidegate_system;
