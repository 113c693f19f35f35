-- Whoever signed in elsewhere only has no way in with the version before: an Admin invites them anew.
drop table sign_in_answers, external_identities, verified_domains, claimed_domains, identity_providers;
