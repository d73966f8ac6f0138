// How the learning rate goes; steps and epochs count from 0, warm-up included.

/** Follows `schedule` and `warmup` of the recipe. */
export function createSchedule({ rate, schedule, warmup }, stepsPerEpoch, totalSteps) {
  let warmAt = warmup === null ? 0 : (warmup.steps ?? (warmup.epochs === undefined ? Infinity : warmup.epochs * stepsPerEpoch));
  let plateau = { best: Infinity, epochs: 0, falls: 0 };
  let now = 0;
  const look = (metrics) => {
    const { until } = warmup ?? {};
    if (until && warmAt === Infinity && holds(until, metrics)) warmAt = now;
  };
  return {
    rate: (step) => (step < warmAt ? warmupRate(step) : scheduledRate(step)),
    stepDone(step, metrics) {
      now = step + 1;
      look(metrics);
    },
    epochDone(metrics) {
      look(metrics);
      if (schedule.kind === "plateau" && now >= warmAt) plateau = afterPlateau(plateau, schedule, metrics[schedule.metric]);
    },
  };

  function warmupRate(step) {
    return warmup.kind === "constant" ? warmup.rate : warmup.start + ((rate - warmup.start) * step) / warmAt;
  }

  function scheduledRate(step) {
    switch (schedule.kind) {
      case "step":
        return rate * schedule.factor ** schedule.at.filter((point) => step >= point * (schedule.by === "epochs" ? stepsPerEpoch : 1)).length;
      case "plateau":
        return Math.max(Math.min(rate, schedule.minimum), rate * schedule.factor ** plateau.falls);
      case "cosine":
        return schedule.end + ((rate - schedule.end) * (1 + Math.cos((Math.PI * step) / Math.max(1, totalSteps - 1)))) / 2;
      default:
        return rate;
    }
  }
}

/** The rate falls after so many epochs in a row without a better value. */
function afterPlateau({ best, epochs, falls }, { patience }, value) {
  if (value === undefined) return { best, epochs, falls };
  if (value < best) return { best: value, epochs: 0, falls };
  return epochs + 1 < patience ? { best, epochs: epochs + 1, falls } : { best, epochs: 0, falls: falls + 1 };
}

/** `{ metric: "train_error", relation: "<", value: 0.8 }` */
function holds({ metric, relation, value }, metrics) {
  const found = metrics[metric];
  if (found === undefined) return false;
  return { "<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value, "==": found === value, "!=": found !== value }[relation];
}
