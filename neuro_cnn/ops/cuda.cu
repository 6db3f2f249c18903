// CUDA kernels in single precision: what cuda.py calls, and what each is given.

#define NUMBER (blockIdx.x * blockDim.x + threadIdx.x)
#define LOWEST (-1.0f / 0.0f)

// Pooling. A thread makes one number; it is told of the map, height x width, of the places, rows x columns, of the view,
// h x w, of its strides, down and across, and of the padding above and to the left.

#define LAID int height, int width, int rows, int columns, int h, int w, int down, int across, int top, int left
#define AS_LAID height, width, rows, columns, h, w, down, across, top, left

template <class Winner>
__device__ float largest(unsigned number, const float* x, Winner* winners, LAID) {
  int row = (int)(number / columns % rows) * down - top, column = (int)(number % columns) * across - left;
  const float* plane = x + (size_t)(number / columns / rows) * height * width;
  float best = LOWEST;
  int winner = (row < 0 ? -row : 0) * w + (column < 0 ? -column : 0);  // the first tap that lies in the map
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++) {
      int r = row + i, c = column + j;
      if (r < 0 || r >= height || c < 0 || c >= width) continue;
      float value = plane[(size_t)r * width + c];
      if (value > best || (value != value && best == best)) best = value, winner = i * w + j;
    }
  if (winners) winners[number] = (Winner)winner;
  return best;
}

extern "C" __global__ void maximum(unsigned count, const float* __restrict__ x, float* __restrict__ y, LAID) {
  unsigned number = NUMBER;
  if (number < count) y[number] = largest<int>(number, x, 0, AS_LAID);
}

extern "C" __global__ void max_pool_uint8(unsigned count, const float* __restrict__ x, float* __restrict__ y,
    unsigned char* __restrict__ winners, LAID) {
  unsigned number = NUMBER;
  if (number < count) y[number] = largest(number, x, winners, AS_LAID);
}

extern "C" __global__ void max_pool_int32(unsigned count, const float* __restrict__ x, float* __restrict__ y,
    int* __restrict__ winners, LAID) {
  unsigned number = NUMBER;
  if (number < count) y[number] = largest(number, x, winners, AS_LAID);
}

// What comes back to a cell from all views that see it, in the taps' order: of view v at tap t, share(v, t).
template <class Share>
__device__ float gathered(unsigned number, Share share, LAID) {
  int r = number / width % height + top, c = number % width + left;  // on the padded map
  size_t plane = (size_t)(number / width / height) * rows * columns;
  float total = 0;
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++) {
      if (r < i || c < j || (r - i) % down || (c - j) % across) continue;
      int row = (r - i) / down, column = (c - j) / across;
      if (row < rows && column < columns) total += share(plane + (size_t)row * columns + column, i * w + j);
    }
  return total;
}

template <class Winner>
struct Won {
  const float* dy;
  const Winner* winners;
  __device__ float operator()(size_t view, int tap) const { return winners[view] == tap ? dy[view] : 0; }
};

extern "C" __global__ void max_pool_adjoint_uint8(unsigned count, const float* __restrict__ dy,
    const unsigned char* __restrict__ winners, float* __restrict__ dx, LAID) {
  unsigned number = NUMBER;
  Won<unsigned char> share = {dy, winners};
  if (number < count) dx[number] = gathered(number, share, AS_LAID);
}

extern "C" __global__ void max_pool_adjoint_int32(unsigned count, const float* __restrict__ dy,
    const int* __restrict__ winners, float* __restrict__ dx, LAID) {
  unsigned number = NUMBER;
  Won<int> share = {dy, winners};
  if (number < count) dx[number] = gathered(number, share, AS_LAID);
}

extern "C" __global__ void weighted_pool(unsigned count, const float* __restrict__ x, const float* __restrict__ weight,
    float* __restrict__ y, LAID, float over) {
  unsigned number = NUMBER;
  if (number >= count) return;
  int row = (int)(number / columns % rows) * down - top, column = (int)(number % columns) * across - left;
  const float* plane = x + (size_t)(number / columns / rows) * height * width;
  float total = 0;
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++) {
      int r = row + i, c = column + j;
      if (r >= 0 && r < height && c >= 0 && c < width) total += plane[(size_t)r * width + c] * weight[i * w + j];
    }
  y[number] = total / over;
}

struct Weighted {
  const float *dy, *weight;
  __device__ float operator()(size_t view, int tap) const { return dy[view] * weight[tap]; }
};

extern "C" __global__ void weighted_pool_adjoint(unsigned count, const float* __restrict__ dy,
    const float* __restrict__ weight, float* __restrict__ dx, LAID, float over) {
  unsigned number = NUMBER;
  Weighted share = {dy, weight};
  if (number < count) dx[number] = gathered(number, share, AS_LAID) / over;
}

// Competition among the planes of a position. A thread makes all planes of one position.

static __device__ size_t first_plane(unsigned number, int planes, int positions) {
  return (size_t)(number / positions) * planes * positions + number % positions;
}

static __device__ bool is_blank(const float* u, int planes, int positions) {
  for (int k = 0; k < planes; k++)
    if (u[(size_t)k * positions] != 0) return false;
  return true;
}

extern "C" __global__ void softmax(unsigned count, const float* __restrict__ drive, float* __restrict__ g, int planes,
    int positions, float temperature) {
  unsigned number = NUMBER;
  if (number >= count) return;
  const float* u = drive + first_plane(number, planes, positions);
  float* out = g + first_plane(number, planes, positions);
  float top = LOWEST, total = 0;
  for (int k = 0; k < planes; k++) {
    float value = u[(size_t)k * positions];
    if (value > top || value != value) top = value;
  }
  for (int k = 0; k < planes; k++) {
    float power = expf((u[(size_t)k * positions] - top) / temperature);
    out[(size_t)k * positions] = power;
    total += power;
  }
  float share = is_blank(u, planes, positions) ? 0 : 1 / total;
  for (int k = 0; k < planes; k++) out[(size_t)k * positions] *= share;
}

extern "C" __global__ void winner(unsigned count, const float* __restrict__ drive, float* __restrict__ won, int planes,
    int positions, int at_blank) {
  unsigned number = NUMBER;
  if (number >= count) return;
  const float* u = drive + first_plane(number, planes, positions);
  float* out = won + first_plane(number, planes, positions);
  float best = LOWEST;
  int first = 0;
  for (int k = 0; k < planes; k++) {
    float value = u[(size_t)k * positions];
    if (value > best || (value != value && best == best)) best = value, first = k;
  }
  if (is_blank(u, planes, positions)) first = at_blank;
  for (int k = 0; k < planes; k++) out[(size_t)k * positions] = k == first;
}

extern "C" __global__ void softhebb(unsigned count, const float* __restrict__ g, const float* __restrict__ u,
    float* __restrict__ y, int planes, int positions) {
  unsigned number = NUMBER;
  if (number >= count) return;
  size_t start = first_plane(number, planes, positions);
  float top = LOWEST, best = LOWEST;
  int first = 0;
  for (int k = 0; k < planes; k++) {
    float chance = g[start + (size_t)k * positions];
    if (chance > top || chance != chance) top = chance;
  }
  for (int k = 0; k < planes; k++) {
    size_t cell = start + (size_t)k * positions;
    float excited = g[cell] == top ? u[cell] : LOWEST;
    if (excited > best || (excited != excited && best == best)) best = excited, first = k;
  }
  for (int k = 0; k < planes; k++) {
    size_t cell = start + (size_t)k * positions;
    y[cell] = k == first ? g[cell] : -g[cell];
  }
}

extern "C" __global__ void raise_awake(unsigned count, const float* __restrict__ drive, const float* __restrict__ lead,
    float* __restrict__ raised, int planes, int positions) {
  unsigned number = NUMBER;
  if (number >= count) return;
  size_t start = first_plane(number, planes, positions);
  bool blank = is_blank(drive + start, planes, positions);
  for (int k = 0; k < planes; k++) {
    size_t cell = start + (size_t)k * positions;
    raised[cell] = blank ? drive[cell] : drive[cell] + lead[k];
  }
}

// S-cells. A thread makes one response.

extern "C" __global__ void shunting(unsigned count, const float* __restrict__ e, const float* __restrict__ b,
    const float* __restrict__ v, float* __restrict__ y, int planes, int positions, float r, float weight) {
  unsigned number = NUMBER;
  if (number >= count) return;
  int place = number % positions, k = number / positions % planes;
  float inhibition = weight * b[k] * v[(size_t)(number / positions / planes) * positions + place];
  float drive = r * ((1 + e[number]) / (1 + inhibition) - 1);
  y[number] = drive > 0 || drive != drive ? drive : 0;
}

extern "C" __global__ void subtractive(unsigned count, const float* __restrict__ e, const float* __restrict__ b,
    const float* __restrict__ v, float* __restrict__ y, int planes, int positions, float theta) {
  unsigned number = NUMBER;
  if (number >= count) return;
  int place = number % positions, k = number / positions % planes;
  float inhibition = theta * b[k] * v[(size_t)(number / positions / planes) * positions + place];
  float drive = (e[number] - inhibition) / (1 - theta);
  y[number] = drive > 0 || drive != drive ? drive : 0;
}

// Optimisers, as `optim` has their formulas: from weights w, gradient g and memories to new weights and memories.

static __device__ float penalised(float g, float w, float decay) { return decay != 0 ? g + decay * w : g; }

extern "C" __global__ void sgd(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ m, float* __restrict__ new_w, float* __restrict__ new_m, float rate, float momentum,
    float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  new_m[i] = momentum * m[i] + penalised(g[i], w[i], decay);
  new_w[i] = w[i] - rate * new_m[i];
}

extern "C" __global__ void nesterov(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ m, float* __restrict__ new_w, float* __restrict__ new_m, float rate, float momentum,
    float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  float slope = penalised(g[i], w[i], decay);
  new_m[i] = momentum * m[i] + slope;
  new_w[i] = w[i] - rate * (slope + momentum * new_m[i]);
}

extern "C" __global__ void adagrad(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ s, float* __restrict__ new_w, float* __restrict__ new_s, float rate, float epsilon,
    float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  float slope = penalised(g[i], w[i], decay);
  new_s[i] = s[i] + slope * slope;
  new_w[i] = w[i] - rate * slope / (sqrtf(new_s[i]) + epsilon);
}

extern "C" __global__ void rmsprop(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ v, float* __restrict__ new_w, float* __restrict__ new_v, float rate, float rho,
    float rest, float epsilon, float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  float slope = penalised(g[i], w[i], decay);
  new_v[i] = rho * v[i] + rest * slope * slope;
  new_w[i] = w[i] - rate * slope / (sqrtf(new_v[i]) + epsilon);
}

extern "C" __global__ void adadelta(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ v, const float* __restrict__ u, float* __restrict__ new_w, float* __restrict__ new_v,
    float* __restrict__ new_u, float rate, float rho, float rest, float epsilon, float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  float slope = penalised(g[i], w[i], decay);
  new_v[i] = rho * v[i] + rest * slope * slope;
  float d = slope * sqrtf((u[i] + epsilon) / (new_v[i] + epsilon));
  new_u[i] = rho * u[i] + rest * d * d;
  new_w[i] = w[i] - rate * d;
}

extern "C" __global__ void adam(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ m, const float* __restrict__ v, float* __restrict__ new_w, float* __restrict__ new_m,
    float* __restrict__ new_v, float rate, float b1, float rest1, float b2, float rest2, float epsilon, float kept,
    float decay) {
  unsigned i = NUMBER;
  if (i >= count) return;
  float slope = penalised(g[i], w[i], decay);
  new_m[i] = b1 * m[i] + rest1 * slope;
  new_v[i] = b2 * v[i] + rest2 * slope * slope;
  new_w[i] = kept * w[i] - rate * new_m[i] / (sqrtf(new_v[i]) + epsilon);
}
