"""The protocol's own Python example; only address, user and password are from the environment."""

import os

import requests
from requests.auth import HTTPBasicAuth

url = os.environ["JOBS_URL"]
auth = HTTPBasicAuth(os.environ["JOBS_USER"], os.environ["JOBS_PASSWORD"])

# Get failed jobs
params = {"status": "failed", "per_page": 100}
response = requests.get(url, params=params, auth=auth)

if response.status_code == 200:
    data = response.json()
    print(f"Found {len(data['data'])} failed jobs")

    for job in data['data']:
        print(f"Job {job['job_id']}: {job['error_message']}")
else:
    print(f"Error: {response.json()['message']}")
