#include "ui/plot_strokes.hpp"

#include <algorithm>
#include <cmath>

namespace jko::ui {
namespace {

/// Cuts the segment to the box (Liang and Barsky); false if nothing is left.
bool clip(const PixelBox& box, double& x0, double& y0, double& x1, double& y1) {
  const double dx = x1 - x0, dy = y1 - y0;
  double from = 0.0, to = 1.0;
  const auto cut = [&](double direction, double distance) {
    if (direction == 0.0) return distance >= 0.0;
    const double t = distance / direction;
    if (direction < 0.0) {
      from = std::max(from, t);
    } else {
      to = std::min(to, t);
    }
    return from <= to;
  };
  if (!cut(-dx, x0 - box.left) || !cut(dx, box.right - x0) || !cut(-dy, y0 - box.top) || !cut(dy, box.bottom - y0)) {
    return false;
  }
  x1 = x0 + to * dx, y1 = y0 + to * dy;
  x0 += from * dx, y0 += from * dy;
  return std::isfinite(x0 + y0 + x1 + y1);
}

ImVec2 vertex(double x, double y) { return {float(x), float(y)}; }

void quad(ImDrawList* draw, ImVec2 a, ImVec2 b, ImVec2 c, ImVec2 d, ImVec2 uv0, ImVec2 uv1, ImU32 colour) {
  draw->PrimReserve(6, 4);
  draw->PrimQuadUV(a, b, c, d, uv0, uv1, uv1, uv0, colour);
}

}  // namespace

Pen::Pen(ImDrawList* draw, const PixelBox& box, ImU32 colour, float width)
    : draw_(draw), box_(box), colour_(colour), half_(0.5 * std::max(width, 0.5f)), half_drawn_(half_ + 1.0) {
  const double margin = half_drawn_ + 1.0;
  box_ = {box.left - margin, box.top - margin, box.right + margin, box.bottom + margin};
  const ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  textured_ = !(atlas->Flags & ImFontAtlasFlags_NoBakedLines) && width < float(IM_DRAWLIST_TEX_LINES_WIDTH_MAX - 1);
  bridge_ = (colour >> IM_COL32_A_SHIFT) == 255 && half_ > 0.5;
  if (!textured_) {
    half_drawn_ = half_;
    uv0_ = uv1_ = ImGui::GetFontTexUvWhitePixel();
    return;
  }
  const int whole = int(2.0 * half_);
  const float part = float(2.0 * half_ - whole);
  const ImVec4 &a = atlas->TexUvLines[whole], &b = atlas->TexUvLines[whole + 1];
  uv0_ = {a.x + part * (b.x - a.x), a.y + part * (b.y - a.y)};
  uv1_ = {a.z + part * (b.z - a.z), a.w + part * (b.w - a.w)};
}

void Pen::segment(double x0, double y0, double x1, double y1) {
  if (!box_.has(x0, y0) || !box_.has(x1, y1)) {
    if (!clip(box_, x0, y0, x1, y1)) return;
  }
  rectangle(x0, y0, x1, y1);
}

void Pen::dot(double x, double y) {
  if (box_.has(x, y)) rectangle(x - half_, y, x + half_, y);
}

void Pen::rectangle(double x0, double y0, double x1, double y1) {
  double dx = x1 - x0, dy = y1 - y0;
  const double length = std::sqrt(dx * dx + dy * dy);
  if (length < 1e-4) return;
  dx /= length, dy /= length;
  const bool joined = x0 == end_x_ && y0 == end_y_;
  end_x_ = x1, end_y_ = y1;
  if (bridge_ && joined && dx * direction_x_ + dy * direction_y_ < 0.9) x0 -= half_ * dx, y0 -= half_ * dy;
  direction_x_ = dx, direction_y_ = dy;
  const double nx = -dy * half_drawn_, ny = dx * half_drawn_;
  quad(draw_, vertex(x0 + nx, y0 + ny), vertex(x0 - nx, y0 - ny), vertex(x1 - nx, y1 - ny), vertex(x1 + nx, y1 + ny),
       uv0_, uv1_, colour_);
}

void fill_strip(ImDrawList* draw, const PixelBox& box, double x0, double a0, double b0, double x1, double a1, double b1,
                ImU32 colour) {
  if (x1 < x0) std::swap(x0, x1), std::swap(a0, a1), std::swap(b0, b1);
  if (x1 <= box.left || x0 >= box.right || !(x1 > x0)) return;
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  const auto inside = [&](double y) { return y >= box.top && y <= box.bottom; };
  const bool crossing = (a0 - b0) * (a1 - b1) < 0.0;
  if (!crossing && x0 >= box.left && x1 <= box.right && inside(a0) && inside(a1) && inside(b0) && inside(b1)) {
    quad(draw, vertex(x0, a0), vertex(x1, a1), vertex(x1, b1), vertex(x0, b0), white, white, colour);
    return;
  }
  // Cut where an edge leaves the box, and where they cross: in between both edges are straight after clipping too.
  double cuts[9];  // in order
  int count = 0;
  const auto insert = [&](double t) {
    int place = count++;
    for (; place > 0 && cuts[place - 1] > t; --place) cuts[place] = cuts[place - 1];
    cuts[place] = t;
  };
  const auto cut = [&](double t) {
    if (t > 0.0 && t < 1.0) insert(t);
  };
  const auto cut_at = [&](double from, double to, double level) {
    if ((from - level) * (to - level) < 0.0) cut((level - from) / (to - from));
  };
  const double begin = std::max(0.0, (box.left - x0) / (x1 - x0)), end = std::min(1.0, (box.right - x0) / (x1 - x0));
  insert(begin);
  insert(end);
  for (const double level : {box.top, box.bottom}) cut_at(a0, a1, level), cut_at(b0, b1, level);
  if (crossing) cut_at(a0 - b0, a1 - b1, 0.0);
  const auto edge = [&](double from, double to, double t) {
    return std::clamp(t == 0.0 ? from : t == 1.0 ? to : from + t * (to - from), box.top, box.bottom);
  };
  const auto place = [&](double t) { return t == 0.0 ? x0 : t == 1.0 ? x1 : x0 + t * (x1 - x0); };
  for (int i = 0; i + 1 < count; ++i) {
    const double s = cuts[i], t = cuts[i + 1];
    if (s < begin || t > end || !(t > s)) continue;
    const double as = edge(a0, a1, s), at = edge(a0, a1, t), bs = edge(b0, b1, s), bt = edge(b0, b1, t);
    if (as == bs && at == bt) continue;
    quad(draw, vertex(place(s), as), vertex(place(t), at), vertex(place(t), bt), vertex(place(s), bs), white, white,
         colour);
  }
}

void fill_box(ImDrawList* draw, float left, float top, float right, float bottom, ImU32 colour) {
  draw->PrimReserve(6, 4);
  draw->PrimRect({left, top}, {right, bottom}, colour);
}

void fill_dot(ImDrawList* draw, float x, float y, float radius, ImU32 colour, bool coarse) {
  if (!coarse) {
    draw->AddCircleFilled({x, y}, radius, colour);
    return;
  }
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  if (radius < 1.8f) {  // two or three pixels: nobody sees the corners
    const float half = 0.9f * radius;
    draw->PrimReserve(6, 4);
    draw->PrimRectUV({x - half, y - half}, {x + half, y + half}, white, white, colour);
    return;
  }
  const float near = 0.4142f * radius;
  const ImVec2 corners[8] = {{near, -radius}, {radius, -near}, {radius, near},   {near, radius},
                             {-near, radius}, {-radius, near}, {-radius, -near}, {-near, -radius}};
  draw->PrimReserve(18, 8);
  const unsigned base = draw->_VtxCurrentIdx;
  for (unsigned i = 2; i < 8; ++i) {
    draw->PrimWriteIdx(ImDrawIdx(base));
    draw->PrimWriteIdx(ImDrawIdx(base + i - 1));
    draw->PrimWriteIdx(ImDrawIdx(base + i));
  }
  for (const ImVec2& corner : corners) draw->PrimWriteVtx({x + corner.x, y + corner.y}, white, colour);
}

}  // namespace jko::ui
