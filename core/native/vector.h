// Eight numbers at a time, in the vector types that GCC and Clang share.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace gradfold {

constexpr int kLanes = 8;
typedef float Vector __attribute__((vector_size(32)));
typedef int32_t Integers __attribute__((vector_size(32)));

inline Vector Load(const float* from) {
  Vector value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline void Store(float* to, Vector value) { std::memcpy(to, &value, sizeof(value)); }

// The first `count` numbers, then zeros.
inline Vector LoadSome(const float* from, int count) {
  Vector value = {};
  std::memcpy(&value, from, count * sizeof(float));
  return value;
}

inline void StoreSome(float* to, Vector value, int count) { std::memcpy(to, &value, count * sizeof(float)); }

inline Vector Fill(float value) { return Vector{} + value; }

inline Vector Choose(Integers condition, Vector yes, Vector no) {
  return (Vector)((condition & (Integers)yes) | (~condition & (Integers)no));
}

// Keeps NaN, which is neither above nor below a bound.
inline Vector Clamp(Vector x, float least, float most) {
  x = Choose(x < Fill(least), Fill(least), x);
  return Choose(x > Fill(most), Fill(most), x);
}

inline float Sum(Vector v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// exp(x) to 1 ulp or 2: 2ⁿ times a polynomial in the rest, |rest| ≤ ln 2 / 2. Below -87.3 it is 0.
inline Vector Exp(Vector exponent) {
  const Vector x = Clamp(exponent, -87.3f, 88.3f);
  const Vector scaled = x * 1.44269504f;
  // Adding and taking away 1.5 · 2²³ rounds to the nearest integer.
  const Vector shifter = Fill(12582912.0f);
  const Vector shifted = scaled + shifter;
  const Vector n = shifted - shifter;
  const Vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vector p = Fill(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Integers power = ((Integers)shifted - (Integers)shifter) << 23;
  const Vector result = Choose(exponent < Fill(-87.3f), Vector{}, (Vector)((Integers)p + power));
  return Choose(exponent == exponent, result, exponent);
}

}  // namespace gradfold
