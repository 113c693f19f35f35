import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { makeQueries } from './api/queries.ts';
import { showTheme } from './app/preferences.ts';
import { router } from './app/router.tsx';
import { Clock } from './ui/time.tsx';
import './styles.css';

// Dialogs make style elements: the policy takes those with the nonce of this very response.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
if (nonce) setNonce(nonce);
showTheme();

const queries = makeQueries();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Clock>
        <RouterProvider router={router} />
      </Clock>
    </QueryClientProvider>
  </StrictMode>,
);
