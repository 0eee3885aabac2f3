# %% [markdown]
# # How long orders take, by region
# `/in/dataset` has a line for each step of an order.

# %% tags=["parameters"]
level = "region"

# %%
import csv
from collections import defaultdict
from datetime import datetime
from statistics import median

begun, ended, group = {}, {}, {}
with open("/in/dataset", newline="") as file:
    for step in csv.DictReader(file):
        order, time = step["case_id"], datetime.fromisoformat(step["timestamp"])
        begun[order] = min(time, begun.get(order, time))
        ended[order] = max(time, ended.get(order, time))
        group[order] = step[level]
print(len(begun), "orders")

# %%
days = defaultdict(list)
for order in begun:
    days[group[order]].append((ended[order] - begun[order]).total_seconds() / 86_400)
medians = sorted(((median(values), name, len(values)) for name, values in days.items()), reverse=True)
with open("/out/medians.csv", "w", newline="") as file:
    csv.writer(file).writerows([[level, "orders", "median_days"], *([name, count, f"{middle:.2f}"] for middle, name, count in medians)])

# %%
from html import escape

from IPython.display import SVG

longest = medians[0][0]
bars = "".join(
    f'<text x="0" y="{24 * row + 16}">{escape(name)}</text><rect x="120" y="{24 * row + 4}" width="{360 * middle / longest:.0f}" '
    f'height="16" fill="#4c78a8"/><text x="490" y="{24 * row + 16}">{middle:.1f} days</text>'
    for row, (middle, name, _) in enumerate(medians)
)
SVG(f'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="{24 * len(medians)}" font-family="sans-serif" font-size="13">{bars}</svg>')
