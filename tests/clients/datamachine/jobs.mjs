// The protocol's own JavaScript example; only address, user and password are from the environment. It uses both `require`
// and `await` at the top level, so that a module needs `require` made for it.
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { JOBS_URL, JOBS_USER, JOBS_PASSWORD } = process.env;

const axios = require('axios');

const jobAPI = {
  baseURL: JOBS_URL,
  auth: {
    username: JOBS_USER,
    password: JOBS_PASSWORD
  }
};

// Get job statistics
async function getJobStats(flowId) {
  const params = { flow_id: flowId, per_page: 100 };

  const response = await axios.get(jobAPI.baseURL, {
    params,
    auth: jobAPI.auth
  });

  const jobs = response.data.data;
  const stats = {
    total: jobs.length,
    completed: jobs.filter(j => j.status === 'completed').length,
    failed: jobs.filter(j => j.status === 'failed').length,
    processing: jobs.filter(j => j.status === 'processing').length
  };

  return stats;
}

// Clear old jobs
async function clearJobs(type = 'failed') {
  const response = await axios.delete(jobAPI.baseURL, {
    data: { type },
    auth: jobAPI.auth
  });

  return response.data.success;
}

// Usage
const stats = await getJobStats(42);
console.log(`Flow 42: ${stats.completed} completed, ${stats.failed} failed`);

await clearJobs('failed');
console.log('Failed jobs cleared');
