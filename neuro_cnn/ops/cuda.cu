// CUDA kernels in single precision: what cuda.py calls, and what each is given.

#define NUMBER (blockIdx.x * blockDim.x + threadIdx.x)
#define LOWEST (-1.0f / 0.0f)

extern "C" __global__ void max_pool(unsigned count, const float* __restrict__ x, float* __restrict__ y,
    int* __restrict__ winners, int height, int width, int rows, int columns, int h, int w, int down, int across,
    int top, int left) {
  unsigned number = NUMBER;
  if (number >= count) return;
  int column = number % columns, row = number / columns % rows;
  const float* plane = x + (size_t)(number / columns / rows) * height * width;
  float best = LOWEST;
  int winner = 0;
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++) {
      int r = row * down - top + i, c = column * across - left + j;
      if (r < 0 || r >= height || c < 0 || c >= width) continue;
      float value = plane[(size_t)r * width + c];
      if (value > best) winner = i * w + j;
      if (value > best || value != value) best = value;  // a NaN stays visible: nothing is larger
    }
  y[number] = best;
  winners[number] = winner;
}

extern "C" __global__ void max_pool_adjoint(unsigned count, const float* __restrict__ dy,
    const int* __restrict__ winners, float* __restrict__ dx, int height, int width, int rows, int columns, int h, int w,
    int down, int across, int top, int left) {
  unsigned number = NUMBER;
  if (number >= count) return;
  int c = number % width + left, r = number / width % height + top;  // on the padded map
  size_t plane = (size_t)(number / width / height) * rows * columns;
  float total = 0;
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++) {
      if (r < i || c < j || (r - i) % down || (c - j) % across) continue;
      int row = (r - i) / down, column = (c - j) / across;
      if (row >= rows || column >= columns) continue;
      size_t view = plane + (size_t)row * columns + column;
      if (winners[view] == i * w + j) total += dy[view];
    }
  dx[number] = total;
}

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

extern "C" __global__ void momentum(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ m, float* __restrict__ moved, float* __restrict__ kept, float rate, float share,
    float decay, int ahead) {
  unsigned number = NUMBER;
  if (number >= count) return;
  float slope = g[number] + decay * w[number];
  float speed = share * m[number] + slope;
  kept[number] = speed;
  moved[number] = w[number] - rate * (ahead ? slope + share * speed : speed);
}

extern "C" __global__ void adam(unsigned count, const float* __restrict__ w, const float* __restrict__ g,
    const float* __restrict__ m, const float* __restrict__ v, float* __restrict__ moved, float* __restrict__ first,
    float* __restrict__ second, float rate, float share1, float share2, float rest1, float rest2, float fix2,
    float epsilon, float decay, float lasting) {
  unsigned number = NUMBER;
  if (number >= count) return;
  float slope = g[number] + decay * w[number];
  float mean = share1 * m[number] + rest1 * slope, square = share2 * v[number] + rest2 * slope * slope;
  first[number] = mean;
  second[number] = square;
  moved[number] = lasting * w[number] - rate * mean / (sqrtf(square / fix2) + epsilon);
}
