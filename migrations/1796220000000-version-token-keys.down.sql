drop table token_signing_keys;
