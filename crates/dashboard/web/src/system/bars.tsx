import { styles } from "../ui/ui";

const HEIGHT = 40;
const STEP = 10;

type Props<T> = {
  title: string;
  slots: T[];
  /** What is stacked, from below, and in which colour. */
  parts: [of: (slot: T) => number, tone: string][];
  show: (value: number) => string;
  most: (most: string) => string;
};

/** A small picture of figures over time, each bar with its words. */
export function Bars<T extends { key: string; name: string }>({ title, slots, parts, show, most }: Props<T>) {
  const sum = (slot: T) => parts.reduce((all, [of]) => all + of(slot), 0);
  const highest = Math.max(...slots.map(sum));
  return (
    <figure className={styles.figure}>
      <figcaption>{title} <span className={styles.hint}>{most(show(highest))}</span></figcaption>
      <svg viewBox={`0 0 ${slots.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}. ${most(show(highest))}`}>
        {slots.map((slot, index) => {
          let top = HEIGHT;
          return (
            <g key={slot.key}>
              <title>{`${slot.name}: ${show(sum(slot))}`}</title>
              <rect x={index * STEP} width={STEP} height={HEIGHT} fill="transparent" />
              {parts.map(([of, tone]) => {
                const height = highest > 0 ? (of(slot) / highest) * HEIGHT : 0;
                top -= height;
                return <rect key={tone} x={index * STEP + 1} y={top} width={STEP - 2} height={height} fill={`var(--${tone})`} />;
              })}
            </g>
          );
        })}
        <path d={`M0 ${HEIGHT}H${slots.length * STEP}`} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
